/// The bus as programs of the C client library see it: GDBusProxy with cached properties, a descriptor whose index in
/// the message is 7, 1.5 s for listings. It runs in GLib's own binding for Python, so nothing in it is ours.
package struct StockBusClient: Sendable {
    /// What a call gave.
    package struct Answer: Sendable {
        /// The D-Bus name of the error; nil where there was none.
        package var error: String?
        package var message: String
        package var lines: [String]
    }

    private let setting: ChildProcess.Setting
    private let tree: TemporaryTree

    /// - Parameter user: nil is whoever runs the tests.
    package init(_ environment: [String: String?], user: UInt32? = nil) throws {
        var setting = ChildProcess.Setting()
        setting.environment = environment
        setting.user = user
        self.setting = setting
        tree = try TemporaryTree()
        try tree.write("client.py", StockBusClient.script)
    }

    /// `properties`: a line `NAME=VALUE` each, from the proxy's cache.
    ///
    /// `items [SECONDS]`: a line `KEY=VALUE`, tab, `KEY=VALUE` … each, sorted by key.
    ///
    /// `count [SECONDS]`: how many items, the seconds it took, and the bytes of the answer's body in GVariant's form.
    ///
    /// `publish KIND CONTENT ATTRIBUTES`: KIND is `file`, `offset` (a file whose first 3 bytes are read already),
    /// `pipe`, `socket`, `memfd`, `two` or `none` (descriptors); CONTENT may be `@` and the path
    /// of a file; ATTRIBUTES is an `a{sv}` in GVariant's text form.
    ///
    /// `call INTERFACE METHOD ARGUMENTS`: a tuple in GVariant's text form; the answer is one line of that.
    package func run(_ arguments: String..., seconds: Double = 120) async throws -> Answer {
        try await onOwnThread { try self.ask(arguments, seconds: seconds) }
    }

    /// As `run`, for those that have a thread of their own.
    package func ask(_ arguments: [String], seconds: Double = 120) throws -> Answer {
        let outcome = try Command.run(command(arguments), setting, seconds: seconds)
        guard outcome.succeeded else {
            throw TestFailure("\(arguments.joined(separator: " ")): \(outcome.end), \(outcome.errorText)")
        }
        var lines = outcome.text.split(separator: "\n").map(String.init)
        guard let first = lines.first, first.hasPrefix("error\t") else {
            return Answer(error: nil, message: "", lines: lines)
        }
        lines = first.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        return Answer(error: lines[1], message: lines[2], lines: [])
    }

    /// What runs on: `watch` writes a line of standard error for each signal (`Changed`, or `INTERFACE NAME=VALUE`) and
    /// for each change of the name's owner (`owner`, `no owner`), after `ready`; `stall` publishes what never ends,
    /// after `ready`; `slow CONTENT ATTRIBUTES` hands over a half, writes `half` when that was read, waits for SIGUSR1
    /// with the rest, and writes `published`; `many COUNT PREFIX` publishes so many, and writes `published NUMBER HASH` after each.
    package func start(_ arguments: String...) async throws -> ChildProcess {
        let command = command(arguments)
        return try await onOwnThread { [setting] in
            let process = try ChildProcess(command, setting)
            try process.waitForLine(containing: "ready")
            return process
        }
    }

    private func command(_ arguments: [String]) -> [String] {
        // That of the distribution, which GLib's binding is for.
        ["/usr/bin/python3", tree.absolute("client.py")] + arguments
    }

    private static let script = #"""
        from fcntl import ioctl
        from hashlib import sha256
        from os import fdopen, memfd_create, pipe, write
        from signal import SIGUSR1, SIG_BLOCK, pthread_sigmask, sigwait
        from socket import socketpair
        from sys import argv, stderr
        from tempfile import TemporaryFile
        from termios import FIONREAD
        from threading import Thread
        from time import monotonic, sleep
        from gi.repository import Gio, GLib

        NAME = "org.freedesktop.Passim"

        def tell(text):
            print(text, file=stderr, flush=True)

        def proxy(interface=NAME):
            return Gio.DBusProxy.new_for_bus_sync(
                Gio.BusType.SYSTEM, Gio.DBusProxyFlags.NONE, None, NAME, "/", interface, None)

        def properties():
            found = proxy()
            for name in sorted(found.get_cached_property_names() or []):
                print(f"{name}={found.get_cached_property(name).unpack()}")

        def get_items(seconds):
            limit = int(float(seconds) * 1000)
            return proxy().call_sync("GetItems", None, Gio.DBusCallFlags.NONE, limit, None)

        def items(seconds="1.5"):
            for item in get_items(seconds).unpack()[0]:
                print("\t".join(f"{key}={item[key]}" for key in sorted(item)))

        def count(seconds="1.5"):
            start = monotonic()
            answer = get_items(seconds)
            passed = monotonic() - start
            print(answer.get_child_value(0).n_children(), f"{passed:.3f}", answer.get_size())

        def descriptors(kind, content):
            """What is to be sent, and what must stay open for it."""
            if kind in ("file", "two", "offset"):
                file = TemporaryFile()
                file.write(content)
                file.flush()
                file.seek(3 if kind == "offset" else 0)
                return [file.fileno()] * (2 if kind == "two" else 1), [file]
            if kind == "memfd":
                file = fdopen(memfd_create("content"), "wb+", buffering=0)
                file.write(content)
                file.seek(0)
                return [file.fileno()], [file]
            if kind == "pipe":
                reader, writer = pipe()
                def fill():
                    with fdopen(writer, "wb") as file:
                        file.write(content)
                Thread(target=fill).start()
                return [reader], [reader]
            if kind == "socket":
                ours, theirs = socketpair()
                def fill():
                    with ours:
                        ours.sendall(content)
                Thread(target=fill).start()
                return [theirs.fileno()], [theirs]
            if kind == "stall":
                reader, writer = pipe()
                write(writer, content)
                return [reader], [reader, writer]
            return [], []

        def publish(kind, content, attributes="{}"):
            if content.startswith("@"):
                with open(content[1:], "rb") as file:
                    content = file.read().decode()
            numbers, held = descriptors(kind, content.encode())
            handles = Gio.UnixFDList.new()
            for number in numbers:
                handles.append(number)
            parameters = GLib.Variant.new_tuple(
                GLib.Variant.new_handle(7), GLib.Variant.parse(GLib.VariantType("a{sv}"), attributes, None, None))
            found = proxy()
            if kind == "stall":
                tell("ready")
            found.call_with_unix_fd_list_sync(
                "Publish", parameters, Gio.DBusCallFlags.NONE, GLib.MAXINT, handles if numbers else None, None)
            del held

        def stall(content, attributes):
            publish("stall", content, attributes)

        def slow(content, attributes):
            pthread_sigmask(SIG_BLOCK, [SIGUSR1])
            content = content.encode()
            half = len(content) // 2
            reader, writer = pipe()
            write(writer, content[:half])
            def fill():
                unread = bytearray(4)
                while ioctl(reader, FIONREAD, unread) or any(unread):
                    sleep(0.005)
                tell("half")
                sigwait([SIGUSR1])
                with fdopen(writer, "wb") as file:
                    file.write(content[half:])
            Thread(target=fill, daemon=True).start()
            handles = Gio.UnixFDList.new()
            handles.append(reader)
            parameters = GLib.Variant.new_tuple(
                GLib.Variant.new_handle(7), GLib.Variant.parse(GLib.VariantType("a{sv}"), attributes, None, None))
            found = proxy()
            tell("ready")
            found.call_with_unix_fd_list_sync(
                "Publish", parameters, Gio.DBusCallFlags.NONE, GLib.MAXINT, handles, None)
            tell("published")

        def many(count, prefix):
            found = proxy()
            tell("ready")
            for number in range(1, int(count) + 1):
                content = f"{prefix}{number}\n".encode() * 1000
                numbers, held = descriptors("memfd", content)
                handles = Gio.UnixFDList.new()
                handles.append(numbers[0])
                attributes = GLib.Variant("a{sv}", {
                    "filename": GLib.Variant("s", f"file{number}"), "share-limit": GLib.Variant("u", 1000)})
                parameters = GLib.Variant.new_tuple(GLib.Variant.new_handle(7), attributes)
                found.call_with_unix_fd_list_sync(
                    "Publish", parameters, Gio.DBusCallFlags.NONE, GLib.MAXINT, handles, None)
                tell(f"published {number} {sha256(content).hexdigest()}")
                del held

        def call(interface, method, arguments="()"):
            parameters = GLib.Variant.parse(None, arguments, None, None)
            answer = proxy(interface).call_sync(method, parameters, Gio.DBusCallFlags.NONE, 60000, None)
            print(answer.print_(False))

        def watch():
            found = [proxy(), proxy(NAME + ".Mirror")]
            for each in found:
                each.connect("g-signal", lambda _, sender, signal, parameters: tell(signal))
                each.connect("g-properties-changed", lambda of, changed, gone: [
                    tell(f"{of.get_interface_name()} {key}={value}") for key, value in changed.unpack().items()])
            found[0].connect(
                "notify::g-name-owner", lambda of, _: tell("owner" if of.get_name_owner() else "no owner"))
            tell("ready")
            GLib.MainLoop().run()

        try:
            globals()[argv[1]](*argv[2:])
        except GLib.Error as error:
            name = Gio.DBusError.get_remote_error(error)
            message = error.message.removeprefix(f"GDBus.Error:{name}: ")
            print("error", name or f"{error.domain} {error.code}", message, sep="\t")

        """#
}
