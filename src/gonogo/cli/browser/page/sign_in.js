// Opens the link of this page: its token is behind the #, which no server's log and no Referer ever sees.
"use strict";
const NEW_LINK = "Press Enter in the terminal where gonogo web runs, and open the link that it prints.";
document.addEventListener("DOMContentLoaded", async () => {
  const words = document.getElementById("words");
  const token = window.location.hash.slice(1);
  history.replaceState(null, "", window.location.pathname);
  if (!token) { words.textContent = "This page opens with a link that works once. " + NEW_LINK; return; }
  words.textContent = "Opening …";
  try {
    const answer = await fetch("session", { method: "POST", body: token, headers: { "Content-Type": "text/plain" } });
    if (answer.ok) { window.location.reload(); return; }
    words.textContent = answer.status === 401
      ? "This link was opened before, or is too old. " + NEW_LINK
      : `The server refused this link (${answer.status}): ${await answer.text()}`;
  } catch {
    words.textContent = "gonogo web does not answer. Start it again, and open the link that it prints.";
  }
});
