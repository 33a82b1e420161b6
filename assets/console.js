// What a page gains by scripts; every essential act works without them.
"use strict";

(() => {
  // A form whose control has `data-submits` is sent when that control changes.
  document.addEventListener("change", (event) => {
    const control = event.target;
    if (control instanceof HTMLElement && control.dataset.submits !== undefined) control.closest("form").requestSubmit();
  });

  // Sent once: a second click on the same form does nothing until the page is shown again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent !== undefined) { event.preventDefault(); return; }
    form.dataset.sent = "";
    // What is downloaded leaves the page as it is.
    setTimeout(() => { delete form.dataset.sent; }, 4000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // A form with `data-checks` is held against the rules at that address while it is filled in. A fault is shown beside its
  // field once somebody has left the field with something changed, never before, and goes as soon as it is mended.
  const checked = (form) => {
    const left = new Set([...form.querySelectorAll(".wrong [name]")].map((control) => control.name));
    let waiting = 0, asked = new AbortController(), changed = false;
    const show = (control, fault) => {
      const place = document.getElementById(`${control.id}-fault`);
      if (place === null || place.textContent === fault) return;
      place.textContent = fault;
      place.parentElement.classList.toggle("wrong", fault !== "");
      const says = [`${control.id}-hint`, `${control.id}-fault`].filter((id) => document.getElementById(id)?.textContent);
      if (says.length > 0) control.setAttribute("aria-describedby", says.join(" ")); else control.removeAttribute("aria-describedby");
      if (fault === "") { control.removeAttribute("aria-invalid"); return; }
      control.setAttribute("aria-invalid", "true");
      form.querySelector("[role=status]").textContent = `${control.labels[0].firstChild.textContent.trim()}: ${fault}`;
    };
    const check = async () => {
      asked.abort();
      asked = new AbortController();
      let faults;
      try {
        const answer = await fetch(form.dataset.checks, { method: "POST", body: new URLSearchParams(new FormData(form)), signal: asked.signal });
        if (!answer.ok) return;
        faults = await answer.json();
      } catch { return; /* Asked again at the next change; whoever records decides. */ }
      for (const control of form.elements) if (left.has(control.name)) show(control, faults[control.name] ?? "");
    };
    form.addEventListener("change", ({ target }) => { left.add(target.name); clearTimeout(waiting); check(); });
    form.addEventListener("input", ({ target }) => {
      changed = true;
      clearTimeout(waiting);
      if (left.has(target.name)) waiting = setTimeout(check, 300);
    });
    form.addEventListener("submit", () => { changed = false; });
    // What was typed would be gone.
    window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  };
  for (const form of document.querySelectorAll("form[data-checks]")) checked(form);

  // A part with `data-refresh` is fetched again after so many milliseconds, until it comes without.
  const refresh = (part) => setTimeout(async () => {
    let next = null;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok) next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
    } catch { /* Asked again below. */ }
    if (next === null) { refresh(part); return; }
    part.replaceWith(next);
    if (next.dataset.refresh !== undefined) refresh(next);
  }, Number(part.dataset.refresh));
  for (const part of document.querySelectorAll("[data-refresh]")) refresh(part);

  // A form with `data-part` changes that part of the page alone, so that what was typed elsewhere stays.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.dataset.part === undefined || event.defaultPrevented) return;
    event.preventDefault();
    const part = document.getElementById(form.dataset.part);
    let next = null;
    try {
      const answer = await fetch(form.action, { method: "POST", headers: { Accept: "text/html" }, body: new URLSearchParams(new FormData(form)) });
      next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
    } catch { /* Sent as without scripts below. */ }
    if (next === null) { form.submit(); return; }
    part.replaceWith(next);
    next.tabIndex = -1;
    next.focus();
  });

  // A button with `data-prints` prints the page.
  for (const button of document.querySelectorAll("[data-prints]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // A form with `data-what-if` shows its answer as its fields and sliders move, in the part that it names.
  for (const form of document.querySelectorAll("form[data-what-if]")) {
    const part = document.getElementById(form.dataset.whatIf);
    const status = form.querySelector("[role=status]");
    const sliders = [...form.querySelectorAll("input[data-moves]")];
    const field = (slider) => document.getElementById(slider.dataset.moves);
    const tell = (slider) => {
      const number = Number(slider.value).toLocaleString(document.documentElement.lang);
      slider.setAttribute("aria-valuetext", `${number} ${slider.dataset.unit ?? ""}`.trim());
    };
    let asked = 0;
    let timer;
    const ask = async () => {
      const own = ++asked;
      part.setAttribute("aria-busy", "true");
      let next = null;
      try {
        const answer = await fetch(`${form.action}?${new URLSearchParams(new FormData(form))}`, { headers: { Accept: "text/html" } });
        next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
      } catch { /* What is shown stands until the next move. */ }
      if (own !== asked) return;
      part.removeAttribute("aria-busy");
      if (next === null) return;
      // Never lower than it was, so that nothing below jumps while a slider moves.
      part.style.minHeight = `${part.offsetHeight}px`;
      part.replaceChildren(...next.childNodes);
      status.textContent = [...part.querySelectorAll("[data-said]")].map((said) => said.textContent).join(" ");
    };
    form.addEventListener("input", (event) => {
      const moved = event.target;
      for (const slider of sliders) {
        if (moved === slider) field(slider).value = slider.value;
        else if (moved === field(slider)) slider.value = moved.value.replaceAll(",", "");
        else continue;
        tell(slider);
      }
      clearTimeout(timer);
      timer = setTimeout(ask, 150);
    });
    form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(timer); ask(); });
    for (const slider of sliders) tell(slider);
  }

  // For scripts of pages: calls the API in the name of whoever is signed in.
  window.underwright = {
    async post(address, body) {
      const token = document.querySelector("meta[name=form-token]").content;
      const answer = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Form-Token": token },
        body: JSON.stringify(body),
      });
      return { ok: answer.ok, status: answer.status, body: await answer.json() };
    },
  };
})();
