/// Counts of a responder's work.
package struct AnswerCounters: Equatable, Sendable {
    /// Packets that were looked at.
    package var packets: UInt64 = 0
    /// Packets that were cut off, malformed, or of another kind than queries and answers.
    package var malformed: UInt64 = 0
    /// Packets of senders that are not of the link.
    package var foreign: UInt64 = 0
    /// Questions for digests that are here.
    package var questions: UInt64 = 0
    /// Questions among these whose asker had the answer already.
    package var known: UInt64 = 0
    /// Answers sent, by multicast and to one asker.
    package var answers: UInt64 = 0
    package var privateAnswers: UInt64 = 0
    /// Answers that somebody else has given first.
    package var suppressed: UInt64 = 0
    /// Answers not given because there were too many.
    package var dropped: UInt64 = 0
    package var goodbyes: UInt64 = 0
    /// Packets that could not be sent.
    package var failures: UInt64 = 0

    package init() {}
}
