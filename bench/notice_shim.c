/* Dovecot 2.3 tells an idling client about a new mail 500 ms late: NOTIFY_DELAY_MSECS in
 * src/lib-storage/mailbox-watch.c, a compile-time constant. Loaded by LD_PRELOAD this makes that one
 * timer 1 ms, so that clients can be told apart. For benchmarks only. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

typedef void *add_fn(unsigned, const char *, unsigned, void *, void *);

static unsigned shorten(unsigned msecs, const char *file) {
  return msecs == 500 && file && strstr(file, "mailbox-watch.c") ? 1 : msecs;
}

void *timeout_add(unsigned msecs, const char *file, unsigned line, void *callback, void *context) {
  static add_fn *next;
  if (!next) next = (add_fn *)dlsym(RTLD_NEXT, "timeout_add");
  return next(shorten(msecs, file), file, line, callback, context);
}

void *timeout_add_short(unsigned msecs, const char *file, unsigned line, void *callback,
                        void *context) {
  static add_fn *next;
  if (!next) next = (add_fn *)dlsym(RTLD_NEXT, "timeout_add_short");
  return next(shorten(msecs, file), file, line, callback, context);
}
