/* The one function of Windows' bcryptprimitives.dll that Rust uses, for wines that lack the library
   (8.0, as in Debian 12). For the trial of the installer alone; no package holds it. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T n_bytes) {
    return RtlGenRandom(bytes, (ULONG)n_bytes);
}
