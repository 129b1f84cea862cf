"use strict";
// The page works without this: it adds a search, buttons that copy a command, and whole pages on paper.

const filters = document.querySelector(".filters");
if (filters) {
  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = "Search";
  search.setAttribute("aria-label", "Search the requirements");
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const item of document.querySelectorAll(".requirements > li")) {
      item.hidden = !item.textContent.toLowerCase().includes(wanted);
    }
  });
  filters.append(search);
}

if (navigator.clipboard) {
  for (const command of document.querySelectorAll(".command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(command.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    command.append(button);
  }
}

const opened = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener("hashchange", opened);
opened();

addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("#findings details, #generator details")) details.open = true;
});
