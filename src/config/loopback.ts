/**
 * True for http(s) addresses whose host can only be this machine, without a user name or password. False for
 * everything else, text that is no address included.
 */
export function isLoopback(address: string): boolean {
  if (!URL.canParse(address)) return false;
  // The parser has written every spelling of an IPv4 address (`127.1`, `0x7f000001`) as four numbers by now.
  const { protocol, hostname, username, password } = new URL(address);
  return (
    (protocol === 'http:' || protocol === 'https:') &&
    (hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)) &&
    username === '' &&
    password === ''
  );
}
