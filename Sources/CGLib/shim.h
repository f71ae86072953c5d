// GLib, GObject and GIO: keyfiles, content types, the network monitor, GDBus.
#pragma once

#include <gio/gio.h>
#include <gio/gunixconnection.h>
#include <gio/gunixfdlist.h>
#include <glib.h>
