// Stands in for the chart library that the theme loads on every page: 200 kB that no page of the portal uses.
window.Chart = { defaults: { font: {} } };
