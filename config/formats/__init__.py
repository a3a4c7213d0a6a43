"""How dates are written, by language; `static/js/dates.js` does the same in the browser."""
