// JSON (RFC 8259), written from front to back: a list of a million items never is in memory as a whole.

internal import PassimCore

/// Keeps the text written so far until `take` takes it away.
struct JSONWriter {
    private enum Container { case object, array }

    private var bytes: [UInt8] = []
    /// Open containers, and whether each is empty.
    private var open: [(container: Container, isEmpty: Bool)] = []
    private var isAfterKey = false
    private var isBreaking = false

    /// Takes the bytes since the last call.
    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    mutating func beginObject() { begin(.object, 0x7B) }

    mutating func beginArray() { begin(.array, 0x5B) }

    /// Ends the object or array that was begun last.
    mutating func end() {
        let last = open.removeLast()
        breakLine()
        bytes.append(last.container == .object ? 0x7D : 0x5D)
    }

    mutating func object(_ body: (inout JSONWriter) -> Void) {
        beginObject()
        body(&self)
        end()
    }

    mutating func array(_ body: (inout JSONWriter) -> Void) {
        beginArray()
        body(&self)
        end()
    }

    /// Within an object, before each value.
    mutating func key(_ name: String) {
        separate()
        string(name)
        bytes.append(0x3A)
        isAfterKey = true
    }

    /// Begins the next token on a line of its own: for people, and tools that go by lines.
    mutating func lineBreak() {
        isBreaking = true
    }

    // MARK: - Values

    mutating func value(_ text: String) {
        separate()
        string(text)
    }

    /// Invalid UTF-8 comes as U+FFFD.
    mutating func value(_ name: RawName) {
        value(String(decoding: name.bytes, as: UTF8.self))
    }

    mutating func value(_ number: some BinaryInteger) { raw("\(number)") }

    /// null, where it is no number that JSON has.
    mutating func value(_ number: Double) { raw(number.isFinite ? "\(number)" : "null") }

    mutating func value(_ bool: Bool) { raw(bool ? "true" : "false") }

    mutating func null() { raw("null") }

    // MARK: -

    private mutating func begin(_ container: Container, _ byte: UInt8) {
        separate()
        bytes.append(byte)
        open.append((container, true))
    }

    private mutating func raw(_ text: String) {
        separate()
        bytes += text.utf8
    }

    private mutating func separate() {
        if isAfterKey {
            isAfterKey = false
        } else if let last = open.last {
            if !last.isEmpty { bytes.append(0x2C) }
            open[open.count - 1].isEmpty = false
        }
        breakLine()
    }

    private mutating func breakLine() {
        if isBreaking { bytes.append(0x0A) }
        isBreaking = false
    }

    private mutating func string(_ text: String) {
        bytes.append(0x22)
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22, 0x5C: bytes += [0x5C, UInt8(scalar.value)]
            case 0x0A: bytes += [0x5C, 0x6E]
            case 0x09: bytes += [0x5C, 0x74]
            // JSON allows the ones from 7F on; a terminal acts on them.
            case _ where ForeignText.isHarmful(scalar): bytes += ForeignText.escape(scalar).utf8
            default: bytes += UTF8.encode(scalar)!
            }
        }
        bytes.append(0x22)
    }
}

extension JSONWriter {
    mutating func field(_ name: String, _ text: String) {
        key(name)
        value(text)
    }

    mutating func field(_ name: String, _ text: RawName) {
        key(name)
        value(text)
    }

    /// null where there is none.
    mutating func field(_ name: String, _ number: (some BinaryInteger)?) {
        key(name)
        if let number { value(number) } else { null() }
    }

    mutating func field(_ name: String, _ number: Double) {
        key(name)
        value(number)
    }

    mutating func field(_ name: String, _ bool: Bool) {
        key(name)
        value(bool)
    }
}
