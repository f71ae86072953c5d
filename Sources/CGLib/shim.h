// GLib, GObject and GIO: keyfiles and content types now; GDBus and the network monitor as they are needed.
#pragma once

#include <gio/gio.h>
#include <glib.h>
