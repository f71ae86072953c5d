internal import PassimCore

/// A thread's work on a file for a connection: opens it if it is not open, reads a part of it, and compares.
struct FileWork: Sendable {
    enum Subject: Sendable {
        case opened(PreparedFile)
        case closed(PreparedFile.Source)
    }

    /// Its result.
    enum Outcome: Sendable {
        /// The file, and bytes that belong to its digest; none where none were wanted.
        case done(PreparedFile, [UInt8])
        case failed(PreparedFile.Fault)
    }

    var subject: Subject
    var offset: UInt64 = 0
    /// Bytes to read, at most; 0 has the file compared only.
    var count = 0

    /// On a thread that may wait.
    func run() -> Outcome {
        do throws(PreparedFile.Fault) {
            let file =
                switch subject {
                case .opened(let file): file
                case .closed(let source): try PreparedFile.open(source)
                }
            guard count > 0 else {
                try file.verify()
                return .done(file, [])
            }
            return .done(file, try read(file))
        } catch {
            return .failed(error)
        }
    }

    private func read(_ file: PreparedFile) throws(PreparedFile.Fault) -> [UInt8] {
        var fault: PreparedFile.Fault?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(PreparedFile.Fault) {
                filled = try file.read(
                    into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                fault = error
            }
        }
        if let fault { throw fault }
        return bytes
    }
}
