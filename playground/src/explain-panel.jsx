// How the answer was made, as `extensions.explain` says it.

const MILLISECONDS = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const BREAKS = / (SELECT|FROM|WHERE|ORDER BY|LEFT OUTER JOIN) /g;

const withLineBreaks = (sql) => sql.replace(BREAKS, "\n$1 ").replaceAll("(SELECT ", "(\nSELECT ");

function Section({ title, children, isOpen = true }) {
  return (
    <details open={isOpen}>
      <summary>{title}</summary>
      {children}
    </details>
  );
}

function Table({ members, unit = "" }) {
  return (
    <table>
      <tbody>
        {Object.entries(members).map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{`${value}${unit}`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

// Steps whose result was cached took no time worth telling.
const times = ({ milliseconds, remembered }) =>
  Object.fromEntries(
    Object.entries(milliseconds).map(([step, spent]) => {
      const isCached = remembered[{ parse: "document", compile: "statement" }[step] ?? step];
      return [step, `${MILLISECONDS.format(spent)} ms${isCached ? " (cached)" : ""}`];
    }),
  );

export function ExplainPanel({ last }) {
  const explain = last?.explain;
  if (!explain) {
    return (
      <div className="explain-panel">
        <p>Run the operation to see how it is answered.</p>
      </div>
    );
  }
  const { way, reason, tree, sql, parameters, database, rows } = explain;
  return (
    <section className="explain-panel" aria-label="Explanation" tabIndex={0}>
      <p>{way === "plan" ? "Answered by a plan, in one statement." : `By resolvers: ${reason}`}</p>
      <Section title="Times">
        <Table members={times(explain)} />
      </Section>
      {Object.keys(rows).length > 0 && (
        <Section title="Rows">
          <Table members={rows} />
        </Section>
      )}
      {tree.length > 0 && (
        <Section title="Plan">
          <pre>{tree.join("\n")}</pre>
        </Section>
      )}
      {sql && (
        <Section title="SQL">
          <pre>{withLineBreaks(sql)}</pre>
          <Table members={parameters} />
        </Section>
      )}
      {database?.length > 0 && (
        <Section title="Database">
          <pre>{database.join("\n")}</pre>
        </Section>
      )}
    </section>
  );
}
