internal import Glibc
internal import PassimCore

/// posix_spawn(3) with pipes.
enum Spawning {
    struct Spawned {
        var identifier: Int32
        /// Read ends, to be closed by whoever reads them.
        var output: Int32
        var errors: Int32
    }

    /// Between pipe(2) and FD_CLOEXEC (pipe2(2) is hidden from Swift) no other child may begin: it would keep
    /// the pipe open.
    private static let turn = Lock(())

    /// A limit of descriptors would count those that whoever runs the tests has left open.
    private static let closeInherited: Void = {
        for number: Int32 in 3..<1024 { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
    }()

    static func spawn(_ arguments: [String], _ setting: ChildProcess.Setting) throws -> Spawned {
        try turn.withLock { _ in
            closeInherited
            let output = try pipe()
            defer { close(output.write) }
            let errors: (read: Int32, write: Int32)
            do {
                errors = try pipe()
            } catch {
                close(output.read)
                throw error
            }
            defer { close(errors.write) }
            do {
                let identifier = try start(
                    arguments, setting, output: output.write, errors: errors.write)
                return Spawned(identifier: identifier, output: output.read, errors: errors.read)
            } catch {
                close(output.read)
                close(errors.read)
                throw error
            }
        }
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw TestFailure(errnoWhile: "pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func start(
        _ arguments: [String], _ setting: ChildProcess.Setting, output: Int32, errors: Int32
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The test runner may ignore or block signals; a daemon's own start never has that.
        var every = sigset_t()
        sigfillset(&every)
        posix_spawnattr_setsigdefault(&attributes, &every)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        let argumentPointers = arguments.map { strdup($0) } + [nil]
        let environmentPointers = environment(setting).map { strdup($0) } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        var identifier: pid_t = 0
        let code = posix_spawnp(
            &identifier, arguments[0], &actions, &attributes, argumentPointers, environmentPointers)
        guard code == 0 else {
            throw TestFailure("starting \(arguments[0]): \(String(cString: strerror(code)))")
        }
        return identifier
    }

    private static func environment(_ setting: ChildProcess.Setting) -> [String] {
        var variables: [String] = []
        var entry = environ
        while let text = entry.pointee {
            let variable = String(cString: text)
            let name = String(variable.prefix { $0 != "=" })
            if setting.environment.index(forKey: name) == nil { variables.append(variable) }
            entry += 1
        }
        for (name, value) in setting.environment {
            if let value { variables.append("\(name)=\(value)") }
        }
        return variables
    }
}
