import { describe, expect, it } from 'vitest';
import { armGuid, evaluate, evaluateText } from './armExpression.ts';

describe('an expression of a template', () => {
  it('is a text that stands in brackets, and everything else is itself', () => {
    expect(evaluate('plain')).toBe('plain');
    expect(evaluate('[[not an expression]')).toBe('[[not an expression]');
    expect(evaluate("['it''s']")).toBe("it's");
  });

  it('is evaluated inside out', () => {
    expect(
      evaluateText("[format('https://{0}.blob.{1}/{2}', 'a', environment().suffixes.storage, 'c')]"),
    ).toBe('https://a.blob.core.windows.net/c');
    expect(evaluateText("[if(equals(environment().name, 'AzureUSGovernment'), 'us', 'world')]")).toBe(
      'world',
    );
    expect(evaluateText("[reference('/subscriptions/x', '2024-11-30').clientId]")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('that is not understood is an error, and never a guess', () => {
    for (const text of ["[unknown('x')]", "[format('x']", "[format('x') 'y']", "[reference('/x').nothing]"]) {
      expect(() => evaluate(text), text).toThrow();
    }
  });

  it('makes the GUIDs that the compiler makes', () => {
    // As `bicep snapshot` evaluates guid('a', 'b').
    expect(armGuid('a', 'b')).toBe('2d796349-8c7e-55ec-9624-54ece82ed031');
  });
});
