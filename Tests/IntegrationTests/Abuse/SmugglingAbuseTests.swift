import PassimCore
import PassimCrypto
import PassimTestKit
import Testing

/// A request behind one whose end is unclear must never be answered: a proxy in front could have taken it for
/// something else.
struct SmugglingAbuseTests {
    let abused: AbusedDaemon

    init() throws {
        abused = try AbusedDaemon()
    }

    /// How the bytes come.
    enum Delivery: CaseIterable {
        /// In one record.
        case atOnce
        /// Each byte in a record.
        case byteByByte
        /// What follows is sent when the shape has been answered.
        case inTurn
    }

    private struct Answers {
        var statuses: [Int] = []
        var holdsContent: Bool
        var isOrderly: Bool
    }

    @Test(arguments: Delivery.allCases)
    func whatFollowsAShapeIsNotARequest(delivery: Delivery) throws {
        for shape in SmugglingShape.all {
            // Each byte of a megabyte in a record of its own says nothing more.
            if delivery == .byteByByte, shape.bytes.count > 25_000 { continue }
            let answers = try answers(to: shape.bytes, then: AbusedDaemon.request, delivery)
            #expect(answers.statuses == [shape.status], "\(shape)")
            #expect(!answers.holdsContent, "\(shape)")
            #expect(answers.isOrderly, "\(shape)")
        }
        try abused.expectServesOthers()
        try abused.expectNothingTaken()
        abused.expectQuietLog()
    }

    /// A shape in the second place is none the better for a sound request before it.
    @Test func whatFollowsAShapeBehindARequestIsNotARequest() throws {
        for shape in SmugglingShape.all {
            let answers = try answers(
                to: Array(AbusedDaemon.request.utf8) + shape.bytes, then: AbusedDaemon.request, .atOnce)
            #expect(answers.statuses == [200, shape.status], "\(shape)")
        }
        try abused.expectNothingTaken()
    }

    @Test(arguments: Delivery.allCases)
    func whatFollowsASoundRequestIsTheNext(delivery: Delivery) throws {
        let last = AbusedDaemon.request(AbusedDaemon.small, "Connection: close\r\n")
        for shape in SmugglingShape.sound {
            let answers = try answers(to: shape.bytes, then: last, delivery)
            #expect(answers.statuses == [shape.status, 200], "\(shape)")
            #expect(answers.holdsContent, "\(shape)")
        }
    }

    /// A server that upgraded would speak HTTP/2 from here on.
    @Test func prefaceBehindAnUpgradeIsRefused() throws {
        let upgrade = AbusedDaemon.request(
            AbusedDaemon.small,
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n")
        let answers = try answers(
            to: Array((upgrade + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").utf8), then: AbusedDaemon.request,
            .atOnce)
        #expect(answers.statuses == [200, 505])
    }

    private func answers(to bytes: [UInt8], then next: String, _ delivery: Delivery) throws -> Answers {
        // The daemon's own limit for a head is longer.
        let client = try abused.client { $0.seconds = 8 }
        try client.handshake()
        let following = Array(next.utf8)
        var received: [UInt8] = []
        // The server may have refused it before all of it is sent.
        switch delivery {
        case .atOnce: try? client.send(bytes + following)
        case .byteByByte:
            let records = try (bytes + following).flatMap { try client.sealed([$0]) }
            try? client.sendRaw(records)
        case .inTurn:
            try? client.send(bytes)
            if let more = try? client.receive() { received += more }
            try? client.send(following)
        }
        var isOrderly = true
        do {
            let (rest, orderly) = try client.receiveUntilClosed()
            received += rest
            isOrderly = orderly
        } catch {
            // Also where the server waits for more, which it must not.
            isOrderly = false
        }
        let text = String(decoding: received, as: UTF8.self)
        return Answers(
            statuses: text.ranges(of: "HTTP/1.1 ").compactMap { Int(text[$0.upperBound...].prefix(3)) },
            holdsContent: text.contains(AbusedDaemon.content), isOrderly: isOrderly)
    }
}
