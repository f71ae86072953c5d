// libinotifytools, which has no .pc file, and inlines for what Swift cannot say.
#pragma once

#include <inotifytools/inotifytools.h>
#include <stdint.h>
#include <sys/inotify.h>

// The name is a flexible array member, padded with NULs; NULL where the event is of the watched itself.
static inline const char *cinotifytools_name(const struct inotify_event *event) {
    return event->len > 0 ? event->name : 0;
}
