/**
 * The only script there is, and every page works without it. It sends the form that says so (the repeat page), and
 * keeps a second click from sending a form twice.
 */
export const script = `"use strict";
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
const automatic = document.querySelector("form[data-send]");
if (automatic) automatic.requestSubmit();
`;
