/// Decides if digests are to be found by answers of our own or by Avahi's records.
struct AnsweringPolicy {
    var answering: Answering
    private let usualCapacity: Int
    /// Records that Avahi takes: fewer than usual once it has refused some.
    private var capacity: Int
    private var answers = false

    /// - Parameter capacity: more records than that cost avahi-daemon too much.
    init(_ answering: Answering, capacity: Int) {
        self.answering = answering
        usualCapacity = capacity
        self.capacity = capacity
    }

    /// - Parameter count: digests that are to be found.
    mutating func wantsAnswers(for count: Int) -> Bool {
        switch answering {
        case .never: answers = false
        case .always: answers = true
        // Not to and fro for each file.
        case .automatic: answers = count > (answers ? capacity - capacity / 8 : capacity)
        }
        return answers
    }

    /// Avahi takes no more records than these.
    mutating func recordsAreFull(at count: Int) { capacity = min(capacity, count) }

    /// Another avahi-daemon may take more.
    mutating func startAgain() { capacity = usualCapacity }
}
