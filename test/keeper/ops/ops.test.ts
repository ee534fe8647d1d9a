import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { ALERTS } from "../../../keeper/monitoring/alerts/alert.ts";
import { createMetrics } from "../../../keeper/monitoring/metrics.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly datasource: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: { readonly defaults: { readonly thresholds?: object } };
}

const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => found ?? "");

describe("What operators are given", () => {
  const rules = read("keeper/ops/prometheus/alerts.yml");
  const runbook = read("docs/runbook.md");
  const dashboard = read("keeper/ops/grafana/dashboards/keel.json");
  const known = createMetrics()
    .registry.getMetricsAsArray()
    .map(({ name }) => name);

  it("has a runbook entry for every alert, and none for others", () => {
    expect(matches(runbook, /^## (\w+)$/gm)).to.have.members(Object.keys(ALERTS));
  });

  it("has Prometheus alert by the keeper's own names and severities, each with its runbook entry", () => {
    for (const rule of rules.split(/^ +- alert: /m).slice(1)) {
      const [name = ""] = rule.split("\n");
      expect(ALERTS).to.have.property(name);
      const { severity } = ALERTS[name as keyof typeof ALERTS];
      expect(rule, name).to.include(`severity: ${severity}`);
      expect(rule, name).to.include(`docs/runbook.md#${name.toLowerCase()}`);
    }
  });

  it("asks in rules and dashboards for figures that the keeper has", () => {
    const asked = new Set(matches(rules + dashboard, /\b(keel_\w+)/g));
    expect(asked.size).to.be.above(15);
    for (const name of asked) expect(known, name).to.include(name.replace(/_(bucket|sum|count)$/, ""));
  });

  it("has Prometheus ask the same of a keeper beside it as of one in a container", () => {
    const settings = (path: string) => read(`keeper/ops/prometheus/${path}`).replace(/^#.*\n/gm, "");
    expect(settings("local.yml").replace("localhost:9464", "keeper:9464")).to.equal(settings("prometheus.yml"));
    expect(settings("prometheus.yml")).to.include("job_name: keel");
    expect(rules).to.include('up{job="keel"}');
  });

  it("shows every panel of the dashboard beside the others, from the data source that is set up", () => {
    const { panels } = JSON.parse(dashboard) as { readonly panels: readonly Panel[] };
    const [uid] = matches(read("keeper/ops/grafana/provisioning/datasources/prometheus.yml"), /uid: (\w+)/g);
    const taken = new Map<string, string>();
    for (const { title, datasource, gridPos } of panels) {
      const { x, y, w, h } = gridPos;
      expect(datasource.uid, title).to.equal(uid);
      expect(x + w, `${title}, of Grafana's 24 columns`).to.be.at.most(24);
      for (let cell = 0; cell < w * h; cell++) {
        const place = `${x + (cell % w)}, ${y + Math.floor(cell / w)}`;
        expect(taken.get(place), `${title} at ${place}`).to.equal(undefined);
        taken.set(place, title);
      }
    }
    expect(new Set(panels.map(({ id }) => id)).size).to.equal(panels.length);
  });

  it("colours single figures by limits of their own: Grafana's are red from 80, whatever is counted", () => {
    const { panels } = JSON.parse(dashboard) as { readonly panels: readonly Panel[] };
    const figures = panels.filter(({ type }) => type === "stat");
    expect(figures).to.have.length.above(0);
    for (const { title, fieldConfig } of figures) expect(fieldConfig.defaults, title).to.have.property("thresholds");
  });

  it("builds the container's image from what a clean checkout has, and lets the build see nothing else", () => {
    const copied = matches(read("keeper/ops/Dockerfile"), /^COPY (?!--from)(.*) \S+$/gm).flatMap((list) =>
      list.split(" "),
    );
    for (const path of copied) expect(existsSync(new URL(`../../../${path}`, import.meta.url)), path).to.equal(true);
    const ignored = read(".dockerignore");
    expect(ignored).to.match(/^\*\*\n/);
    expect(matches(ignored, /^!(.*)$/gm)).to.have.members(copied);
    expect(ignored).to.match(/^keeper\/ops\/secrets$/m);
  });

  it("asks a container for its health where it serves it", () => {
    const dockerfile = read("keeper/ops/Dockerfile");
    const [port = ""] = matches(dockerfile, /KEEL_MONITORING_PORT=(\d+)/g);
    expect(dockerfile).to.include(`http://127.0.0.1:${port}/health`).and.to.include(`EXPOSE ${port}`);
    expect(read("keeper/ops/prometheus/prometheus.yml")).to.include(`keeper:${port}`);
  });

  it("stops a container that cannot read its password, instead of going on without one", () => {
    const compose = read("keeper/ops/compose.yaml");
    expect(compose).to.match(/^ {6}- -ec\n {6}- >-\n {8}password="\$\$\(cat /m);
    expect(compose).to.include('GF_SECURITY_ADMIN_PASSWORD: "$$__file{/run/secrets/grafana-password}"');
  });

  it("runs as nobody special, on a file system that cannot be written to", () => {
    const dockerfile = read("keeper/ops/Dockerfile");
    expect(dockerfile).to.match(/^USER node$/m);
    const compose = read("keeper/ops/compose.yaml");
    expect(compose).to.include("read_only: true").and.to.include("cap_drop: [ALL]");
    for (const service of ["database", "keeper", "prometheus", "grafana"]) {
      expect(compose).to.match(new RegExp(`^  ${service}:\\n(?:    .*\\n)*?    <<: \\*hardened$`, "m"));
    }
    const unit = read("keeper/ops/keel.service");
    for (const line of ["User=keel", "ProtectSystem=strict", "NoNewPrivileges=true"]) expect(unit).to.include(line);
  });
});
