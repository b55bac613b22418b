// Faults that somebody could write into the product. Each is one edit, or a few that belong together, of the source
// text; the chaos suite has to find every one of them. `from` stands exactly once in its file.

/** @typedef {{ file: string, from: string, to: string }} Edit */
/** @typedef {{ name: string, why: string, edits: Edit[] }} Mutation */

const edit = (file, from, to) => ({ file, from, to });

/** @type {Mutation[]} */
export const MUTATIONS = [
  {
    name: 'no fence',
    why: 'two folds of a day write over each other, group by group',
    edits: [
      edit(
        'src/totals/fence.ts',
        'etag = await transact(place, next, etag, operations);',
        'etag = await transact(place, next, (await kind.read(table, partition))?.etag, operations);',
      ),
    ],
  },
  {
    name: 'sources read before the claim',
    why: 'an old listing claims last, whatever stands there by then, and wins',
    edits: [
      edit(
        'src/totals/aggregateDay.ts',
        'readHead: () => readDayHead(dailyTotals, date),',
        'readHead: async () => {\n        deps.early = await foldRawDay(deps, date, async () => {}, { remembers: true }).catch(() => undefined);\n        return readDayHead(dailyTotals, date);\n      },',
      ),
      edit(
        'src/totals/aggregateDay.ts',
        "import { fencedRun, type RunReport } from './fencedRun.ts';",
        "import { fencedRun, type RunReport } from './fencedRun.ts';\nimport { foldRawDay } from './foldRawDay.ts';",
      ),
      edit('src/totals/aggregateDay.ts', 'claim: (seen) =>', 'claim: async () =>'),
      edit(
        'src/totals/aggregateDay.ts',
        '          seen,\n          newId(),',
        '          await readDayHead(dailyTotals, date),\n          newId(),',
      ),
      edit(
        'src/totals/rewriteDay.ts',
        'const day = await foldRawDay(deps, date, beat, { remembers: deps.anew !== true });',
        'const day = deps.early ?? (await foldRawDay(deps, date, beat, { remembers: deps.anew !== true }));',
      ),
    ],
  },
  {
    name: 'totals are incremented',
    why: 'a repeated message counts again',
    edits: [
      edit(
        'src/totals/diff.ts',
        '    } else if (sameValues(properties, want)) {',
        "    } else if (typeof properties['calls'] === 'number' && properties['calls'] > 0 && !sameValues(properties, want)) {\n      missing.set(rowKey, { ...want, calls: Math.max(Number(want['calls']), properties['calls']) });\n    } else if (sameValues(properties, want)) {",
      ),
    ],
  },
  {
    name: 'totals of nobody stay',
    why: 'a user whose calls were withdrawn keeps the sum',
    edits: [edit('src/totals/diff.ts', "      deletes.push({ kind: 'delete', rowKey });\n", '')],
  },
  {
    name: 'blobs are replaced whatever they are',
    why: 'a slow older read commits last',
    edits: [
      edit(
        'src/landing/rawStore.ts',
        "condition: stored === undefined ? 'absent' : { ifMatch: stored.etag },",
        '',
      ),
    ],
  },
  {
    name: 'the read that ends last wins',
    why: 'reads are ordered by their claims, not by their ends',
    edits: [
      edit(
        'src/landing/decideCommit.ts',
        'if (stored !== undefined && stored.claim >= read.claim) {',
        'if (stored !== undefined && stored.attempt === read.attempt) {',
      ),
    ],
  },
  {
    name: 'unchanged is always silent',
    why: 'nothing in the blob fences an older read that is still on its way',
    edits: [
      edit(
        'src/landing/decideCommit.ts',
        "return read.alone && isStored(stored, read) ? 'unchanged' : 'commit';",
        "return isStored(stored, read) ? 'unchanged' : 'commit';",
      ),
    ],
  },
  {
    name: 'the day is told before the blob is there',
    why: 'the message is served before there is anything to see',
    edits: [
      edit(
        'src/landing/landDay.ts',
        'const day: LandedDay = { landed: [], shrunk: [], torn: [] };',
        'const day: LandedDay = { landed: [], shrunk: [], torn: [] };\n  await sender.send(QUEUES.days, toMessage({ date }), {});',
      ),
      edit(
        'src/landing/landDay.ts',
        'if (day.landed.some(isNews) || day.shrunk.some(isUntold)) {',
        'if (Number(isNews === undefined) + Number(isUntold === undefined) > 0) {',
      ),
    ],
  },
  {
    name: 'the day is told only of changes',
    why: 'a run that ended between blob and message is repeated, finds nothing changed, and stays silent',
    edits: [
      edit(
        'src/landing/landDay.ts',
        'return lines.etag !== entry?.notified || rejected.rows !== (entry?.rejected ?? 0);',
        'return lines.changed || rejected.changed;',
      ),
    ],
  },
  {
    name: 'a fenced fold ends silently',
    why: 'the one that fenced it may be dead',
    edits: [
      edit(
        'src/totals/fencedRun.ts',
        'await sender.send(QUEUES.days, toMessage(again), { delayMs });\n  return { outcome };',
        'if (again.tries === -1) await sender.send(QUEUES.days, toMessage(again), { delayMs });\n  return { outcome };',
      ),
    ],
  },
  {
    name: 'the last page is lost',
    why: 'the page without a link is a page',
    edits: [
      edit(
        'src/graph/pstnCallsClient.ts',
        'yield { number: page, rows, requestId, isLast: nextLink === undefined };',
        'if (page === 1 || nextLink !== undefined) yield { number: page, rows, requestId, isLast: nextLink === undefined };',
      ),
    ],
  },
  {
    name: 'windows are closed at both ends',
    why: 'a call on the stroke of the hour counts in two of them',
    edits: [
      edit(
        'src/landing/rowIntake.ts',
        'const open = this.#plan.windows.get(start.hourMs);\n',
        'const open = this.#plan.windows.get(start.onTheHour && start.hourMs === this.#plan.toMs ? start.hourMs - 3_600_000 : start.hourMs);\n',
      ),
    ],
  },
  {
    name: 'repeated rows are kept',
    why: 'a row that came on two pages counts twice',
    edits: [edit('src/landing/rowIntake.ts', "if (sighting === 'new') {", "if (sighting !== 'different') {")],
  },
  {
    name: 'money is a float',
    why: '0.1 + 0.2',
    edits: [
      edit(
        'src/totals/measures.ts',
        'else sums.chargeMicros += row.chargeMicros;',
        'else sums.chargeMicros = BigInt(Math.floor(Math.fround(Number(sums.chargeMicros) / 1e6 + Number(row.chargeMicros) / 1e6) * 1e6));',
      ),
    ],
  },
  {
    name: 'an empty answer is believed',
    why: 'a log that is empty for a moment empties the hours',
    edits: [
      edit(
        'src/landing/decideShrink.ts',
        'doubtful > BELIEVED_ROWS && doubtful * BELIEVED_OF > rows;',
        'doubtful > BELIEVED_ROWS && doubtful * BELIEVED_OF > rows && doubtful < rows;',
      ),
    ],
  },
  {
    name: 'the head stays complete while it is replaced',
    why: 'a reader takes half a day for a whole one',
    edits: [
      edit(
        'src/totals/fence.ts',
        'for (const group of groups.slice(0, -1)) await advance({ complete: false }, group);',
        'for (const group of groups.slice(0, -1)) await advance({}, group);',
      ),
    ],
  },
  {
    name: 'blobs are read as they come',
    why: 'the vector names one version, the totals hold another',
    edits: [
      edit(
        'src/totals/rawDay.ts',
        'const content = await raw.read(blob.name, { ifMatch: blob.etag });',
        'const content = await raw.read(blob.name);',
      ),
    ],
  },
  {
    name: 'of two places of a call the older one counts',
    why: 'a call that moved is counted where it was',
    edits: [
      edit('src/totals/repeatedIds.ts', '(a, b) => b.claim - a.claim ||', '(a, b) => a.claim - b.claim ||'),
    ],
  },
  {
    name: 'a newer read does not keep an older one from the ledger',
    why: 'the ledger tells of a blob that is gone',
    edits: [
      edit(
        'src/windows/ledgerChanges.ts',
        'if (read.number < acceptedIn(properties)) return properties;\n',
        '',
      ),
    ],
  },
  {
    name: 'a day is settled when it ends',
    why: 'rows come up to 48 hours late',
    edits: [
      edit(
        'src/totals/settlement.ts',
        'return Date.parse(entry.lastReadAt) >= toMs + settleHours * WINDOW_MS;',
        'return Date.parse(entry.lastReadAt) >= toMs + Math.min(settleHours, 0) * WINDOW_MS;',
      ),
    ],
  },
  {
    name: 'a restatement for every new blob',
    why: 'a blob written again to fence an older read is no change',
    edits: [edit('src/totals/finality.ts', 'if (!isChanged) return undefined;', '')],
  },
  {
    name: 'rows that do not fit are dropped',
    why: 'they are to be kept, verbatim, with the reason',
    edits: [
      edit(
        'src/landing/rowIntake.ts',
        "else if (row.kind === 'misfit') this.#admit(rejectMisfit(row, text), place);",
        "else if (row.kind === 'misfit') rejectMisfit(row, text);",
      ),
    ],
  },
  {
    name: 'the whole job is taken for read when one of its windows was',
    why: 'the others are never read',
    edits: [
      edit(
        'src/landing/landJob.ts',
        'const due = windows.filter(({ fromMs }) => !skippedHours.has(fromMs));',
        'const due = skippedHours.size > 0 ? [] : windows.filter(({ fromMs }) => !skippedHours.has(fromMs));',
      ),
    ],
  },
];
