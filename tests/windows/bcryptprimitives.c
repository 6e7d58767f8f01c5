/* Rust asks bcryptprimitives.dll for randomness. Wine before 9 has no such library: this one stands in for it. */

typedef unsigned char byte;

/* RtlGenRandom under its exported name, from advapi32.dll. */
__declspec(dllimport) byte SystemFunction036(void *to, unsigned long length);

__declspec(dllexport) int ProcessPrng(byte *to, unsigned long long length) {
  const unsigned long most = 1u << 30;
  while (length > 0) {
    const unsigned long part = length < most ? (unsigned long)length : most;
    if (!SystemFunction036(to, part)) return 0;
    to += part;
    length -= part;
  }
  return 1;
}
