import { createRequire } from 'node:module';

/** Microsoft's language service for KQL, as far as it is used here. It is .NET code, translated, and lives in a global. */
interface KustoLanguage {
  GlobalState: { Default: { WithDatabase: (database: object) => object } };
  KustoCode: { ParseAndAnalyze: (query: string, globals: object) => AnalyzedCode };
  Symbols: {
    TableSymbol: { From: (schema: string) => { WithName: (name: string) => object } };
    DatabaseSymbol: { ctor: new (name: string, members: object[]) => object };
  };
}

interface AnalyzedCode {
  GetDiagnostics: () => List<{ Severity: string; Message: string }>;
  ResultType: { Columns: List<{ Name: string }> } | null;
}

interface List<T> {
  Count: number;
  getItem: (index: number) => T;
}

/** Tables of Application Insights in a workspace: the columns that queries may use. */
const COMMON =
  'TimeGenerated: datetime, ItemCount: int, Properties: dynamic, OperationName: string, OperationId: string, AppRoleName: string, AppRoleInstance: string';
const TABLES: Readonly<Record<string, string>> = {
  AppMetrics: `${COMMON}, Name: string, Sum: real, Min: real, Max: real`,
  AppTraces: `${COMMON}, Message: string, SeverityLevel: int`,
  AppRequests: `${COMMON}, Id: string, Name: string, Url: string, Success: bool, ResultCode: string, DurationMs: real`,
  AppExceptions: `${COMMON}, ProblemId: string, OuterType: string, OuterMessage: string, SeverityLevel: int`,
};

const require = createRequire(import.meta.url);

function load(): KustoLanguage {
  require('@kusto/language-service-next/bridge.js');
  require('@kusto/language-service-next');
  const { Kusto } = globalThis as unknown as { Kusto: { Language: KustoLanguage } };
  return Kusto.Language;
}

const toArray = <T>({ Count, getItem }: List<T>, of: List<T>): T[] =>
  Array.from({ length: Count }, (_, index) => getItem.call(of, index));

/** Makes the analysis of queries against the tables above. */
export function kustoAnalysis(): (query: string) => { faults: string[]; columns: string[] } {
  const { GlobalState, KustoCode, Symbols } = load();
  const tables = Object.entries(TABLES).map(([name, columns]) =>
    Symbols.TableSymbol.From(`(${columns})`).WithName(name),
  );
  const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor('workspace', tables));
  return (query) => {
    const code = KustoCode.ParseAndAnalyze(query, globals);
    const diagnostics = code.GetDiagnostics();
    const columns = code.ResultType?.Columns;
    return {
      faults: toArray(diagnostics, diagnostics).map(({ Severity, Message }) => `${Severity}: ${Message}`),
      columns: columns === undefined ? [] : toArray(columns, columns).map(({ Name }) => Name),
    };
  };
}
