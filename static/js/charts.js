// A live chart of one thing's usage; what it is made of lies in charts/.

export { mount } from "./charts/chart.js";
