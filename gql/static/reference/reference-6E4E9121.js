// Opens the API reference on this server's own document.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

const accessible = ({ React }) => ({
  wrapComponents: {
    // The whole line of an operation is a button, and a button may have no link in it.
    DeepLink: () => ({ text }) => React.createElement("span", { className: "nostyle" }, text),
    TextArea: (Original) => (props) =>
      React.createElement(Original, { "aria-label": "Request body", ...props }),
  },
});

window.addEventListener("load", () => {
  SwaggerUIBundle({
    // Beside the page, so that a gateway behind a path prefix finds it too.
    url: new URL("openapi.json", document.baseURI).href,
    dom_id: "#reference",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: false,
    plugins: [accessible],
    syntaxHighlight: { theme: "monokai" },
    tryItOutEnabled: true,
    validatorUrl: null,
  });
});
