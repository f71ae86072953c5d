import Glibc
import PassimCore
import PassimCrypto
import PassimSystem

/// A directory of its own for one test, removed with all that is in it.
final class MirrorTree: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/passim-mirror-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("mkdtemp: errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        // rm(1) knows how to go deeper than PATH_MAX.
        var pid = pid_t()
        var arguments: [UnsafeMutablePointer<CChar>?] = ["rm", "-rf", "--", path].map { (text: String) in
            strdup(text)
        }
        arguments.append(nil)
        posix_spawnp(&pid, "rm", nil, nil, arguments, environ)
        var status: CInt = 0
        waitpid(pid, &status, 0)
        for argument in arguments { free(argument) }
    }

    func child(_ name: String) -> String { path + "/" + name }

    func makeDirectory(_ name: String) {
        do { try makeDirectories(child(name), mode: 0o755) } catch { fatalError("\(error)") }
    }

    func write(_ name: String, _ content: [UInt8]) {
        write(RawName(name), content)
    }

    func write(_ name: String, _ content: String) {
        write(name, Array(content.utf8))
    }

    func write(_ name: RawName, _ content: [UInt8]) {
        do {
            let root = try Descriptor.open(path, [.path, .directory])
            let directory = try root.open(beneath: name.parent, [.path, .directory])
            let file = try directory.open(name.basename, [.writeOnly, .create, .truncate], mode: 0o644)
            try file.writeAll(content)
        } catch {
            fatalError("\(error)")
        }
    }

    func remove(_ name: String) {
        if unlink(child(name)) != 0 { fatalError("unlink: errno \(errno)") }
    }

    /// A file of zeros that takes no room.
    func makeSparse(_ name: String, size: Int) {
        write(name, [])
        if truncate(child(name), size) != 0 { fatalError("truncate: errno \(errno)") }
    }

    func identity(_ name: String) -> FileIdentity {
        do {
            return try Descriptor.open(child(name), [.readOnly]).status().identity
        } catch {
            fatalError("\(error)")
        }
    }

    func setModified(_ name: String, _ time: Timestamp) {
        let value = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
        if utimensat(AT_FDCWD, child(name), [value, value], 0) != 0 {
            fatalError("utimensat: errno \(errno)")
        }
    }

    /// What `tar x` and `cp -p` do: other bytes, same size, same mtime.
    func rewriteKeepingTimes(_ name: String, _ content: String) {
        let before = identity(name)
        write(name, content)
        setModified(name, before.modified)
        precondition(identity(name).sameContent(as: before))
    }

    func attribute(_ name: String, _ attribute: StaticString) -> String? {
        do {
            let file = try Descriptor.open(child(name), [.readOnly])
            return try file.attribute(attribute, limit: 4096).map { String(decoding: $0, as: UTF8.self) }
        } catch {
            fatalError("\(error)")
        }
    }

    func setAttribute(_ name: String, _ attribute: StaticString, _ value: String) {
        do {
            try Descriptor.open(child(name), [.readOnly]).setAttribute(attribute, Array(value.utf8))
        } catch {
            fatalError("\(error)")
        }
    }
}

func digest(_ text: String) -> Digest {
    SHA256Hasher.digest(of: Array(text.utf8))
}
