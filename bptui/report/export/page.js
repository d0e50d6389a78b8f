"use strict";
(() => {
  const data = JSON.parse(document.getElementById("steps").textContent);
  const steps = [...document.querySelectorAll(".step")];
  if (!steps.length) return;
  const root = document.documentElement;
  const [slider, place, predict, whole] = ["slider", "place", "predict", "whole"].map((id) => document.getElementById(id));
  const figure = document.getElementById("network");
  const score = { atOnce: 0, later: 0, tried: new Set(), done: new Set() };
  let at = 0;

  const label = (kind, number, text) => document.querySelectorAll(`.${kind}${number}`).forEach((it) => { it.textContent = text; });

  function drawNumbers(index) {
    document.querySelectorAll(".number").forEach((it) => { it.textContent = ""; });
    ["v", "g"].forEach((kind) => {
      const known = Object.assign({}, ...data.slice(0, index + 1).map((it) => it[kind]));
      Object.entries(known).forEach(([number, text]) => label(kind, number, text));
    });
  }

  function form() { return steps[at].querySelector(".quiz"); }
  function hides(index) { return predict.checked && steps[index].querySelector(".quiz") !== null && !score.done.has(index); }
  function firstHidden() { return steps.findIndex((_, index) => hides(index)); }

  function scoreWords() {
    if (!score.done.size) return "";
    const later = score.later ? `, ${score.later} later` : "";
    return `; ${score.atOnce} of ${score.done.size} right at the first try${later}`;
  }

  function showCurrentBox() {
    const box = figure && (figure.querySelector(".node.current") || figure.querySelector(".current"));
    if (!figure) return;
    const sheets = [...figure.querySelectorAll(".sheet")];
    const here = box ? box.closest(".sheet") : sheets.find((it) => it.classList.contains("shown")) || sheets[0];
    sheets.forEach((it) => it.classList.toggle("shown", it === here));
    if (!box) return;
    const [inner, outer] = [box.getBoundingClientRect(), figure.getBoundingClientRect()];
    if (inner.left < outer.left || inner.right > outer.right) figure.scrollLeft += inner.left - outer.left - outer.width / 2;
  }

  function draw() {
    steps.forEach((it, index) => it.classList.toggle("shown", index === at));
    root.classList.toggle("stepping", !whole.checked);
    root.classList.toggle("quizzing", firstHidden() >= 0);
    steps.forEach((it, index) => {
      const quiz = it.querySelector(".quiz");
      it.classList.toggle("predicting", hides(index));
      if (quiz) quiz.hidden = !hides(index);
    });
    drawNumbers(hides(at) ? at - 1 : at);
    document.querySelectorAll(".current").forEach((it) => it.classList.remove("current", "forward", "backward", "update"));
    document.querySelectorAll(`.b${data[at].at}`).forEach((it) => it.classList.add("current", data[at].pass));
    showCurrentBox();
    const heading = steps[at].querySelector("h2").textContent;
    slider.value = at;
    slider.setAttribute("aria-valuetext", heading);
    place.querySelector(".count").textContent = `${at + 1} of ${steps.length}` + (predict.checked ? scoreWords() : "");
    place.querySelector(".unseen").textContent = heading;
    if (whole.checked) steps[at].scrollIntoView({ block: "nearest" });
    if (hides(at)) form().querySelector("input").focus();
  }

  function go(index) {
    const hidden = firstHidden();
    const last = hidden < 0 ? steps.length - 1 : hidden;
    at = Math.min(Math.max(index, 0), last);
    draw();
  }

  function settled(index, words, isRight) {
    score.done.add(index);
    if (isRight) score[score.tried.has(index) ? "later" : "atOnce"] += 1;
    steps[index].querySelector(".told").insertAdjacentElement("beforebegin", verdict(isRight, words));
    draw();
    steps[index].querySelector("h2").focus();
  }

  function verdict(isRight, words) {
    const it = document.createElement("p");
    it.className = isRight ? "right" : "wrong";
    it.setAttribute("role", "status");
    it.textContent = words;
    return it;
  }

  steps.forEach((step, index) => {
    step.querySelector("h2").tabIndex = -1;
    const quiz = step.querySelector(".quiz");
    if (!quiz) return;
    const answer = Number(quiz.dataset.answer);
    quiz.addEventListener("submit", (event) => {
      event.preventDefault();
      const typed = quiz.querySelector("input").value.trim().replace(",", ".");
      const given = Number(typed);
      if (!typed || Number.isNaN(given)) { quiz.querySelector("output").textContent = "a number, such as 2.2"; return; }
      const isRight = Math.abs(given - answer) <= 0.005 * Math.abs(answer) + 1e-9;
      if (isRight) { settled(index, `✓ right: ${answer}`, true); return; }
      score.tried.add(index);
      quiz.querySelector("output").textContent = `✗ ${given} is not right: try again`;
    });
    quiz.querySelector(".reveal").addEventListener("click", () => settled(index, `it is ${answer}`, false));
  });

  function note(direction) {
    for (let index = at + direction; index in steps; index += direction) if (steps[index].querySelector(".note")) return index;
    return at;
  }

  const keys = {
    n: () => go(at + 1), ArrowRight: () => go(at + 1), PageDown: () => go(at + 1),
    N: () => go(at - 1), p: () => go(at - 1), ArrowLeft: () => go(at - 1), PageUp: () => go(at - 1),
    g: () => go(0), Home: () => go(0), G: () => go(steps.length - 1), End: () => go(steps.length - 1),
    "]": () => go(data.findIndex((it) => it.pass === "backward")), "[": () => go(0),
    ")": () => go(note(1)), "(": () => go(note(-1)),
    P: () => { predict.checked = !predict.checked; go(at); },
  };
  document.addEventListener("keydown", (event) => {
    const isTyping = (event.target instanceof Element && event.target.matches("input[type=text]")) || event.ctrlKey || event.altKey || event.metaKey;
    const isSlider = event.target === slider && event.key.startsWith("Arrow");
    if (isTyping || isSlider || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
  document.getElementById("next").addEventListener("click", () => go(at + 1));
  document.getElementById("previous").addEventListener("click", () => go(at - 1));
  slider.addEventListener("input", () => go(Number(slider.value)));
  [predict, whole].forEach((it) => it.addEventListener("change", () => go(at)));
  document.getElementById("controls").hidden = false;
  go(0);
})();
