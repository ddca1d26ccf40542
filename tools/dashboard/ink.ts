export const INK = {
  text: "#16191f",
  faint: "#687078",
  line: "#d5dbdb",
  card: "#ffffff",
  page: "#f2f3f3",
};
