/** What tells a dead letter from all others of its queue. */
export interface LetterId {
  /** As the sender chose it; empty if it chose none. */
  messageId: string;
  sequenceNumber: string;
}

/** The dead letters of one queue. Whatever was received is locked, and stays there until it is completed. */
export interface LetterBox<T extends LetterId = LetterId> {
  /** Every letter that lies there now, locked or not, oldest first. */
  look(): Promise<LetterId[]>;
  /** Locks the oldest one that nobody holds; undefined if there is none for a while. */
  receive(): Promise<T | undefined>;
  /** Sends what the letter holds to its queue, as a message of its own that has not been delivered yet. */
  sendAgain(letter: T, messageId: string): Promise<void>;
  complete(letter: T): Promise<void>;
  /** Ends the lock. Never rejects: a lock ends by itself. */
  giveBack(letter: T): Promise<void>;
}

export interface ReplayOptions<T extends LetterId = LetterId> {
  isWanted: (letter: LetterId) => boolean;
  /** Told once how many are going to be replayed. */
  onFound?: (count: number) => void;
  /** Of the new message. */
  newMessageId: () => string;
  /** Before a letter is sent again: what is to be known by then. If it rejects, the letter stays. */
  onTaken?: (letter: T) => Promise<void>;
  /** After a letter has left: what was kept about it may go. */
  onReplayed: (letter: LetterId) => Promise<void>;
  /** Ends it between two letters. */
  signal?: AbortSignal;
}

export interface Replay {
  /** Letters that were wanted and lay there at the beginning. */
  found: number;
  /** Ids of those that were sent again, in this order. */
  replayed: LetterId[];
}

/** A letter was sent again and could not be taken away: it lies there still. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
}

/**
 * Sends dead letters again, one at a time: send, then take away. A run that dies in between leaves the letter and its
 * successor, and a job that is done twice changes nothing. Only what lay there at the beginning is taken: what fails
 * again meanwhile has had its turn.
 */
export async function replayLetters<T extends LetterId>(
  box: LetterBox<T>,
  { isWanted, onFound, newMessageId, onTaken, onReplayed, signal }: ReplayOptions<T>,
): Promise<Replay> {
  const left = new Set((await box.look()).filter(isWanted).map(({ sequenceNumber }) => sequenceNumber));
  onFound?.(left.size);
  const replay: Replay = { found: left.size, replayed: [] };
  /** Others stay locked until the end: given back, they would be the next ones that are received. */
  const held = new Map<string, T>();
  try {
    while (left.size > 0 && signal?.aborted !== true) {
      const letter = await box.receive();
      // Those that are left are held by somebody else.
      if (letter === undefined) break;
      const { sequenceNumber } = letter;
      // Its lock has expired: all that can be received has been seen.
      const isSeen = held.has(sequenceNumber);
      held.set(sequenceNumber, letter);
      if (isSeen) break;
      if (!left.has(sequenceNumber)) continue;
      await onTaken?.(letter);
      await box.sendAgain(letter, newMessageId());
      left.delete(sequenceNumber);
      await takeAway(box, letter);
      held.delete(sequenceNumber);
      const { messageId } = letter;
      replay.replayed.push({ messageId, sequenceNumber });
      await onReplayed({ messageId, sequenceNumber });
    }
    return replay;
  } finally {
    for (const letter of held.values()) await box.giveBack(letter);
  }
}

async function takeAway<T extends LetterId>(box: LetterBox<T>, letter: T): Promise<void> {
  try {
    await box.complete(letter);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new ReplayError(
      `message ${letter.messageId || `number ${letter.sequenceNumber}`} was sent again, but still lies among the dead ` +
        `letters (${cause}); replaying it once more does no harm`,
      { cause: error },
    );
  }
}
