import jsep from "jsep";

/** CloudWatch's words for operators, as strong as the signs of the same meaning. */
jsep.addBinaryOp("OR", 1);
jsep.addBinaryOp("AND", 2);
jsep.addUnaryOp("NOT");

/** A part of an expression. */
export type Node = jsep.CoreExpression;

/**
 * An expression of CloudWatch's, as a tree. What it may consist of is up to whoever reads the tree.
 *
 * @throws Error at what is no expression.
 */
export function parsed(text: string): Node {
  return partOf(jsep(text));
}

/** A part of a part: jsep types it by its own plugins, of which there are none here. */
export function partOf(node: jsep.Expression): Node {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- jsep makes no other nodes without plugins
  return node as Node;
}
