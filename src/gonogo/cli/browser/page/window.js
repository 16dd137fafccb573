// The window of the workstation. textual.js reads the address below when the page has loaded.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const socket = new URL("window", window.location.href);
  socket.protocol = socket.protocol === "https:" ? "wss:" : "ws:";
  socket.hash = socket.search = "";
  document.getElementById("terminal").dataset.sessionWebsocketUrl = socket.href;
  document.getElementById("again").addEventListener("click", () => window.location.reload());
});
// Keys go to the workstation without a click first, and again after the person comes back to the tab. textual.js
// reports the focus only once its connection is open: the first frame is the sign of that.
function focusKeys() {
  const keys = document.querySelector(".xterm-helper-textarea");
  if (keys) { keys.blur(); keys.focus(); }
}
new MutationObserver((_, observer) => {
  if (document.body && document.body.classList.contains("-first-byte")) { observer.disconnect(); focusKeys(); }
}).observe(document.documentElement, { attributes: true, subtree: true, attributeFilter: ["class"] });
window.addEventListener("focus", focusKeys);
