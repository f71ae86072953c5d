extension DNSMessage {
    /// Takes every message that is whole as far as its answers go. Past `mostEntries` nothing is looked at.
    ///
    /// - Returns: nil for what is cut off or malformed.
    init?(parsing packet: UnsafeRawBufferPointer) {
        var reader = DNSReader(packet)
        guard let identifier = reader.readWord(), let flags = reader.readWord(),
            let questionCount = reader.readWord(), let answerCount = reader.readWord(),
            reader.skip(4)
        else { return nil }
        self.init(identifier: identifier, flags: flags)
        let mostQuestions = min(Int(questionCount), DNSMessage.mostEntries)
        for _ in 0..<mostQuestions {
            guard let question = reader.readQuestion() else { return nil }
            questions.append(question)
        }
        guard mostQuestions == questionCount else { return }
        for _ in 0..<min(Int(answerCount), DNSMessage.mostEntries - mostQuestions) {
            guard let answer = reader.readAnswer() else { return nil }
            if case .pointer(let pointer) = answer { answers.append(pointer) }
        }
    }
}

extension DNSReader {
    fileprivate mutating func readQuestion() -> DNSMessage.Question? {
        guard let name = readName(), let type = readWord(), let questionClass = readWord() else { return nil }
        return .init(
            name: name, type: type, questionClass: questionClass & ~DNSMessage.RecordClass.topBit,
            wantsUnicast: questionClass & DNSMessage.RecordClass.topBit != 0)
    }

    fileprivate enum Answer {
        case pointer(DNSMessage.Pointer)
        case other
    }

    fileprivate mutating func readAnswer() -> Answer? {
        guard let name = readName(), let type = readWord(), let recordClass = readWord(),
            let lifetime = readDoubleWord(), let size = readWord()
        else { return nil }
        guard type == DNSMessage.RecordType.pointer else { return skip(Int(size)) ? .other : nil }
        let start = position
        guard let target = readName(), position - start == size else { return nil }
        return .pointer(
            .init(
                name: name, target: target, recordClass: recordClass & ~DNSMessage.RecordClass.topBit,
                lifetime: lifetime))
    }
}
