/* A library that does not let the process exit, as CUDA's driver does not while a kernel hangs. */

#include <unistd.h>

__attribute__((destructor)) static void stuck(void)
{
    for (;;) {
        pause();
    }
}
