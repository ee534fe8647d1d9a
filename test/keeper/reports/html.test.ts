import { expect } from "chai";
import { html, trustedMarkup } from "../../../keeper/reports/html.ts";
import { renderPage, table } from "../../../keeper/reports/page.ts";
import { textTable } from "../../../keeper/reports/textTable.ts";

describe("report markup", () => {
  it("escapes text and keeps markup", () => {
    const name = `<script>alert("x")</script> & 'y'`;
    expect(html`<p title="${name}">${name}${html`<b>${1}</b>`}</p>`.markup).to.equal(
      `<p title="&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;">&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;<b>1</b></p>`,
    );
    expect(html`${[trustedMarkup("<i></i>"), html`${"<"}`]}`.markup).to.equal("<i></i>&lt;");
  });

  it("escapes titles, headings, notes and cells of a page", () => {
    const evil = "<img onerror=x>";
    const body = table([{ heading: evil }], [[evil]]);
    const page = renderPage({ title: evil, lead: evil, footer: evil, sections: [{ heading: evil, note: evil, body }] });
    expect(page).to.not.include("<img");
    expect(page.match(/&lt;img onerror=x&gt;/g)).to.have.length(8);
  });
});

describe("text tables", () => {
  it("pad columns to their widest cell", () => {
    const columns = [{ heading: "name", align: "left" as const }, { heading: "n" }];
    expect(
      textTable(columns, [
        ["a", "100"],
        ["longer", "2"],
      ]),
    ).to.equal(["name      n", "──────  ───", "a       100", "longer    2"].join("\n"));
  });
});
