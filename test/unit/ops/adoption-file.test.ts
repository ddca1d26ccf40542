import { describe, expect, test } from "vitest";

import { readAdoptionFile } from "../../../tools/ops/adoption-file.ts";

const tokensOf = (text: string, journey: string | null = null) =>
  readAdoptionFile(text, journey).applications.map(({ token }) => token);

describe("the file of an adoption", () => {
  test("is CSV with column names in any spelling, or JSON lines, also Alloy's answer to Create", () => {
    for (const text of [
      "journey_application_token,journey_token\nJA-1,J-1\nJA-2,J-2\n",
      '\uFEFF"Application Token","Journey Token","Name"\r\n"JA-1","J-1","Ada, née B."\r\nJA-2,J-2,"two\nlines"\r\n',
      '{"journey_application_token":"JA-1","journey_token":"J-1"}\n\n{"journey_application_token":"JA-2","_embedded":{"journey":{"journey_token":"J-2"}}}\n',
    ]) {
      expect(tokensOf(text)).toEqual(["JA-1", "JA-2"]);
      const { applications } = readAdoptionFile(text, null);
      expect(applications.map(({ submission }) => submission["journey_token"])).toEqual([
        "J-1",
        "J-2",
      ]);
    }
  });

  test("passes on ids, the time and the environment, and no other column", () => {
    const text =
      "journey_application_token,journey_token,created_at,external_group_id,name\nJA-1,J-1,2026-01-02T03:04:05Z,acct-1,Ada\n";

    expect(readAdoptionFile(text, null).applications[0]?.submission).toEqual({
      journey_application_token: "JA-1",
      journey_token: "J-1",
      created_at: Date.parse("2026-01-02T03:04:05Z"),
      external_group_id: "acct-1",
    });
  });

  test("takes the Journey of the command line where a line names none", () => {
    const text = "journey_application_token,journey_token\nJA-1,\nJA-2,J-2\n";

    const { applications, errors } = readAdoptionFile(text, "J-9");

    expect(errors).toEqual([]);
    expect(applications.map(({ submission }) => submission["journey_token"])).toEqual([
      "J-9",
      "J-2",
    ]);
  });

  test("takes an application once, however often it is named", () => {
    const text = "journey_application_token,journey_token\nJA-1,J-1\nJA-1,J-1\nJA-2,J-1\n";

    expect(tokensOf(text)).toEqual(["JA-1", "JA-2"]);
    expect(readAdoptionFile(text, null).repeated).toBe(1);
  });

  test("names each wrong line, and never what is in it", () => {
    const csv =
      "journey_application_token,journey_token,created_at\nJA-1,J-1,\nAda Lovelace,J-1,\nJA-3,,\nJA-4,J-1,yesterday\n";
    const json =
      '{"journey_application_token":"JA-1","journey_token":"J-1"}\nAda Lovelace\n{"journey_token":"J-1"}\n';

    const errors = readAdoptionFile(csv, null).errors;
    expect(errors.map((error) => error.split(":")[0])).toEqual(["line 3", "line 4", "line 5"]);
    const lines = readAdoptionFile(json, null).errors;
    expect(lines.map((error) => error.split(":")[0])).toEqual(["line 2", "line 3"]);
    expect([...errors, ...lines].join()).not.toContain("Ada");
  });

  test("says the line of broken CSV, and what is wrong with a file of something else", () => {
    expect(
      readAdoptionFile("journey_application_token,journey_token\nJA-1,J-1,too,many\n", null).errors,
    ).toEqual([expect.stringMatching(/^line 2: it is no CSV/)]);
    expect(readAdoptionFile("name,city\nAda,London\n", null).errors).toEqual([
      "line 1: no column is named journey_application_token",
    ]);
    expect(readAdoptionFile("", null).errors).toEqual(["the file has no application"]);
  });
});
