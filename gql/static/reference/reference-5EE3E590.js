// Opens the API reference on this server's own document.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

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
    syntaxHighlight: { theme: "nord" },
    tryItOutEnabled: true,
    validatorUrl: null,
  });
});
