// The form goes to the server as one object; the answer comes back as text, figures and faults. The address is the state.
(function () {
  "use strict";
  const form = document.getElementById("form");
  const status = document.getElementById("status");
  const stop = document.getElementById("stop");
  const result = document.getElementById("result");
  const started = {};
  let timer = null, asked = 0, figures = {}, looked = "", shown = false;

  function fields() { return Array.from(form.querySelectorAll("[name]")).filter((e) => e.type !== "file"); }
  function values() {
    const out = {};
    fields().forEach((e) => { out[e.name] = e.type === "checkbox" ? (e.checked ? "yes" : "") : e.value; });
    return out;
  }
  function query(all) {
    const q = new URLSearchParams();
    const hidden = new Set(fields().filter((e) => e.dataset.private).map((e) => e.name));
    Object.entries(all).forEach(([k, v]) => { if (v !== started[k] && !hidden.has(k)) q.set(k, v); });
    form.querySelectorAll("[data-drug]").forEach((e) => {  // another drug's regimen is whole in the address
      if (e.value && e.value !== started[e.name]) ["dose", "unit", "route", "schedule"].forEach((k) => q.set(e.dataset.arm + "_" + k, all[e.dataset.arm + "_" + k]));
    });
    (form.dataset.keep || "setting").split(",").forEach((k) => { if (all[k]) q.set(k, all[k]); });
    return q.toString();
  }
  function tell(state, text) { status.className = state; status.textContent = text; }
  function ask() {
    const all = values(), text = query(all);
    history.replaceState(null, "", location.pathname + (text ? "?" + text : ""));
    document.querySelectorAll("[data-download]").forEach((a) => { a.href = a.dataset.download + "?" + text; });
    asked = performance.now();
    tell("busy", "Computing");
    result.classList.add("stale");
    stop.hidden = true;
    looked = "";
    Shiny.setInputValue("form", all, { priority: "event" });
  }
  function progressed(p) {
    if (status.className !== "busy") return;
    stop.hidden = false;
    if (p.waiting) { tell("busy", "Waiting: " + p.waiting + (p.waiting > 1 ? " questions" : " question") + " of others first"); return; }
    tell("busy", (looked ? "Shown: " + looked : "Computing") + ": " + Math.round(100 * p.share) + " %");
  }
  stop.addEventListener("click", () => {
    Shiny.setInputValue("stop", performance.now(), { priority: "event" });
    stop.hidden = true;
    tell("wrong", "Stopped." + (shown ? " The result below is of the earlier input." : "") + " Press Enter in a field to run again.");
    result.classList.toggle("none", !shown);
  });
  function soon(wait) { clearTimeout(timer); timer = setTimeout(ask, wait); }

  function show(e) { const o = form.querySelector("[data-shows='" + e.name + "']"); if (o) o.textContent = e.dataset.words ? e.dataset.words.split("|")[e.value] : e.value; }
  function set(name, value) { const e = form.querySelector("[name='" + name + "']"); if (e) { e.value = value; show(e); } }

  function take(e) {
    const file = e.files[0];
    if (!file) return;
    const fault = document.getElementById("fault-" + e.dataset.into);
    if (file.size > 20000) { fault.textContent = file.name + " holds " + file.size + " bytes; allowed: up to 20000"; return; }
    const reader = new FileReader();
    reader.onload = () => { set(e.dataset.into, reader.result); soon(0); };
    reader.onerror = () => { fault.textContent = file.name + " cannot be read: choose it again"; };
    reader.readAsText(file);
    e.value = "";  // the same file, edited, can be chosen again
  }

  function fillUsual(e) {
    const usual = JSON.parse(document.getElementById("usual").textContent)[e.value];
    const stem = e.dataset.arm;
    if (usual) ["dose", "unit", "route", "schedule"].forEach((k) => set(stem + "_" + k, usual[k]));
    const from = document.getElementById("from-" + stem);
    if (from) from.textContent = usual ? usual.from : "";
  }
  form.addEventListener("submit", (e) => { e.preventDefault(); soon(0); });
  form.addEventListener("input", (e) => { show(e.target); if (e.target.type !== "file") soon(350); });
  form.addEventListener("change", (e) => {
    const t = e.target;
    if (t.dataset.into) { take(t); return; }
    if (t.dataset.reload) { location.search = "?" + new URLSearchParams({ [t.name]: t.value }); return; }
    if (t.dataset.arm && t.dataset.drug) fillUsual(t);
    soon(50);
  });

  function faults(all) {
    document.querySelectorAll(".fault").forEach((e) => { e.textContent = ""; });
    form.querySelectorAll("[aria-invalid]").forEach((e) => e.removeAttribute("aria-invalid"));
    Object.entries(all).forEach(([name, text]) => {
      const place = document.getElementById(name ? "fault-" + name : "fault-whole") || document.getElementById("fault-whole");
      place.textContent = (place.textContent ? place.textContent + " " : "") + text;
      const control = name && form.querySelector("[name='" + name + "']");
      if (control) {
        control.setAttribute("aria-invalid", "true");
        const fold = control.closest("details");
        if (fold) fold.open = true;
      }
    });
  }
  const FONT = { family: getComputedStyle(document.body).fontFamily, size: 12.5, color: "#16222e" };
  function draw(name, figure) {
    const place = document.getElementById("figure-" + name);
    if (!place) return;
    if (figure.label) place.setAttribute("aria-label", figure.label);
    const narrow = place.clientWidth < 480;
    const layout = Object.assign({ font: FONT, paper_bgcolor: "#fff", plot_bgcolor: "#fff", autosize: true }, figure.layout);
    if (narrow && figure.narrow) Object.entries(figure.narrow).forEach(([k, v]) => { layout[k] = Object.assign({}, layout[k], v); });
    layout.width = place.clientWidth;
    Plotly.react(place, figure.data, layout, { displayModeBar: false, responsive: true });
    if (!place.dataset.bound && place.on) {
      place.dataset.bound = "yes";
      place.on("plotly_click", (e) => { const key = e.points[0].customdata; if (typeof key === "string") { set("node", key); soon(0); } });
    }
  }
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (Math.abs(window.innerWidth - width) < 8) return;
    width = window.innerWidth;
    Object.entries(figures).forEach(([k, v]) => draw(k, v));
  });
  document.addEventListener("click", (e) => {
    const save = e.target.closest("[data-save]"), pick = e.target.closest("[data-set]");
    if (save) {
      const place = document.getElementById("figure-" + save.dataset.save);
      Plotly.downloadImage(place, { format: "svg", filename: "baxis-" + save.dataset.save, width: place.clientWidth, height: place.clientHeight });
    } else if (pick) { const [name, value] = pick.dataset.set.split("="); set(name, value); soon(0); }
  });
  document.addEventListener("keydown", (e) => {
    const pick = (e.key === "Enter" || e.key === " ") && e.target.closest && e.target.closest("[role=button][data-set]");
    if (pick) { e.preventDefault(); pick.dispatchEvent(new MouseEvent("click", { bubbles: true })); }
  });

  function received(answer) {
    stop.hidden = true;
    faults(answer.faults);
    shown = shown || Object.keys(answer.html).length > 0 || Object.keys(answer.figures).length > 0;
    result.classList.toggle("none", !shown);  // headings of an answer that never came would stand over nothing
    Object.entries(answer.html).forEach(([k, v]) => { const s = document.getElementById("slot-" + k); if (s) s.innerHTML = v; });
    Object.assign(figures, answer.figures);
    Object.entries(answer.figures).forEach(([k, v]) => draw(k, v));
    if (!Object.keys(answer.faults).length) result.classList.remove("stale");
    const wrong = Object.keys(answer.faults).length;
    const seconds = ((performance.now() - asked) / 1000).toFixed(1);
    if (answer.preview) {
      looked = answer.preview;
      tell("busy", "Shown: " + looked);
      return;
    }
    if (wrong) tell("wrong", "Not run: see the marked field." + (shown ? " The result below is of the earlier input." : ""));
    else tell("ready", "Up to date (" + seconds + " s)");
    document.body.dataset.answers = String(Number(document.body.dataset.answers || 0) + 1);
  }
  fields().forEach((e) => { if (e.dataset.start !== undefined) started[e.name] = e.dataset.start; else started[e.name] = ""; show(e); });
  Shiny.addCustomMessageHandler("answer", received);
  Shiny.addCustomMessageHandler("progress", progressed);
  $(document).on("shiny:disconnected", () => tell("wrong", "The connection to the server was lost; reload the page."));
  if (Shiny.shinyapp && Shiny.shinyapp.isConnected && Shiny.shinyapp.isConnected()) ask();
  else $(document).one("shiny:connected", () => setTimeout(ask, 0));
})();
