// Runs before the first paint so that a chosen theme never flashes in as the other one.
(() => {
  try {
    const theme = localStorage.getItem("deskhand.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage can be closed to us; the system's theme is a fine answer then.
  }
})();
