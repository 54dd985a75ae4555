/* SPDX-License-Identifier: Apache-2.0 */
/* Sends the contact form by fetch() and says on the page what became of it.
   Without this script, or if fetch() fails, the browser posts the form
   itself. On sorry.html it tells which fields were wrong. */
"use strict";

(function () {
  const outcome = document.getElementById("outcome");
  const form = document.getElementById("contact");

  function say(kind, lines) {
    const note = document.createElement("div");
    note.className = "note " + kind;
    for (const line of lines) {
      const p = document.createElement("p");
      p.textContent = line;
      note.append(p);
    }
    outcome.replaceChildren(note);
    outcome.focus();
    outcome.scrollIntoView({ block: "nearest" });
  }

  function forget() {
    outcome.replaceChildren();
    for (const field of form.elements) {
      field.removeAttribute("aria-invalid");
    }
    for (const old of form.querySelectorAll(".problem")) {
      old.remove();
    }
    document.getElementById("file").setAttribute("aria-describedby",
                                                 "file-hint");
  }

  function mark(problem) {
    const field = form.elements.namedItem(problem.name);
    if (!field || !field.id) {
      return;
    }
    const text = document.createElement("span");
    text.className = "problem";
    text.id = field.id + "-problem";
    text.textContent = problem.reason;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby",
      [field.getAttribute("aria-describedby"), text.id].filter(Boolean)
        .join(" "));
    field.after(text);
  }

  async function submit(event) {
    event.preventDefault();
    const button = form.querySelector("button");
    forget();
    button.disabled = true;
    button.textContent = "Sending\u2026";
    try {
      const response = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "application/json" }
      });
      const answer = await response.json();
      if (answer.ok) {
        window.location.assign("/thanks.html");
        return;
      }
      (answer.fields || []).forEach(mark);
      say("bad", [answer.error ||
        "Your message was not sent (status " + response.status + ")."]);
    }
    catch (error) {
      say("bad", ["The web server did not answer. Your message was probably " +
        "not sent; please try again in a moment."]);
    }
    button.disabled = false;
    button.textContent = "Send message";
  }

  if (form) {
    form.addEventListener("submit", submit);
  }
  else if (outcome) {
    const query = new URLSearchParams(window.location.search);
    const fields = query.get("fields");
    if (query.get("status") === "504") {
      say("bad", ["The mail server did not confirm in time. The message may " +
        "have been sent: please do not send it again right away."]);
    }
    else if (fields) {
      say("bad", ["Please look at: " + fields.split(",").join(", ") + "."]);
    }
  }
})();
