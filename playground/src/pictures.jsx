// The pictures in an answer, shown below it: `diagram(format: SVG)` is text that people look at.

const START = '<svg xmlns="http://www.w3.org/2000/svg"';
const MOST_PICTURES = 4;

// The texts of an answer that are pictures, in its order.
export function picturesOf(value, pictures = []) {
  if (pictures.length >= MOST_PICTURES) return pictures;
  if (typeof value === "string" && value.startsWith(START)) pictures.push(value);
  else if (value !== null && typeof value === "object") {
    for (const member of Object.values(value)) picturesOf(member, pictures);
  }
  return pictures;
}

function titleOf(picture) {
  const drawn = new DOMParser().parseFromString(picture, "image/svg+xml");
  return drawn.querySelector("svg > title")?.textContent ?? "Picture";
}

// As an image it runs no script, whatever it has in it.
export function PicturePanel({ pictures }) {
  return (
    <section className="picture-panel" aria-label="Pictures" tabIndex={0}>
      {pictures.map((picture, index) => (
        <img
          key={index}
          src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture)}`}
          alt={titleOf(picture)}
        />
      ))}
    </section>
  );
}
