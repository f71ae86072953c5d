internal import PassimCore

/// The response that a connection is sending: what is left of it.
struct Response {
    enum Content {
        case none
        /// From `offset` on.
        case memory([UInt8], offset: Int)
        /// `remaining` bytes from `offset` on.
        case file(PreparedFile, offset: UInt64, remaining: UInt64)
    }

    var content: Content
    /// Bytes at the start of the reactor's plaintext buffer that belong to this response and are not
    /// encrypted yet: its head, and content read with it. Only within a turn.
    var staged = 0
    var throttle = Throttle([])
    /// Set if content of a file is sent.
    var counted: CountedDelivery?
    /// Bytes of the file that a thread has read, from `fetchedFrom` on, in place of those at `offset`.
    var fetched: [UInt8] = []
    var fetchedFrom = 0
    /// A thread reads the next bytes.
    var reading: FileThreads.Job?
    /// It could not.
    var fault: PreparedFile.Fault?

    /// Bytes of a file that were not read yet.
    var unwritten: UInt64 {
        if case .file(_, _, let remaining) = content { remaining } else { 0 }
    }

    /// Takes what a thread has read.
    mutating func take(_ outcome: FileWork.Outcome) {
        reading = nil
        switch outcome {
        case .done(_, let bytes):
            fetched = bytes
            fetchedFrom = 0
        case .failed(let fault): self.fault = fault
        }
    }

    var isComplete: Bool {
        guard staged == 0 else { return false }
        return switch content {
        case .none: true
        case .memory(let bytes, let offset): offset == bytes.count
        case .file(_, _, let remaining): remaining == 0
        }
    }
}

/// Content of a file that counts, from the response's beginning until the kernel has its last byte.
struct CountedDelivery {
    var delivery: Delivery
    /// Seconds for which the client waits when it has had the file; 0: it does not.
    var cooldown: Int
}
