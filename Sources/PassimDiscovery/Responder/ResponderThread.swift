// The state and the work of the responder's thread: a socket for each link, the packets that come and go, and
// the changes of interfaces.

internal import Logging
internal import PassimCore
internal import PassimSystem

final class ResponderThread {
    private let responder: DigestResponder
    private let poller: Poller
    private let changes: InterfaceChanges
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: longestPacket, alignment: 8)
    private var machine: ResponderMachine
    private var links: [Link: LinkSocket] = [:]
    /// Tokens of sockets are their numbers here plus `firstToken`.
    private var tokens: [UInt64: Link] = [:]
    private var nextToken = ResponderThread.firstToken
    private var desired = DigestResponder.DesiredState()
    private var failure: String?
    /// When to look at the interfaces.
    private var lookDue: UInt64? = 0
    private var saidFailures: Set<SystemError.Code> = []

    private static let wakeToken: UInt64 = 0
    private static let changesToken: UInt64 = 1
    private static let firstToken: UInt64 = 2
    /// RFC 6762, 17.
    private static let longestPacket = 9000
    /// Interfaces come with many changes at once.
    private static let settling: UInt64 = 100_000_000
    /// A socket that could not be opened may be possible after a while.
    private static let reopening: UInt64 = 5_000_000_000
    /// Packets of one socket that are read before others have their turn.
    private static let turn = 64

    /// Returns when it is told to stop.
    static func run(_ responder: DigestResponder) {
        do throws(SystemError) {
            try ResponderThread(responder).run()
        } catch {
            responder.end(because: error)
        }
    }

    private init(_ responder: DigestResponder) throws(SystemError) {
        self.responder = responder
        poller = try Poller(capacity: 64) { [logger = responder.logger] error in
            logger.warning("waiting for mDNS questions failed, and is tried again: \(error)")
        }
        changes = try InterfaceChanges()
        machine = ResponderMachine(knows: responder.knows)
        let (wake, news) = (
            responder.wakeUp.descriptor.lend { $0 }, changes.descriptor.lend { $0 }
        )
        try poller.add(wake, .input, token: ResponderThread.wakeToken)
        try poller.add(news, .input, token: ResponderThread.changesToken)
    }

    deinit {
        buffer.deallocate()
    }

    private func run() throws(SystemError) {
        while true {
            obey()
            if desired.isStopping { return }
            lookAtInterfaces()
            send(machine.take(at: monotonicNanoseconds()))
            publish()
            let count = try poller.wait(milliseconds: pollMilliseconds(until: nextDue()))
            for index in 0..<count {
                let token = poller.event(index).token
                switch token {
                case ResponderThread.wakeToken: responder.wakeUp.clear()
                case ResponderThread.changesToken:
                    changes.clear()
                    lookDue = lookDue ?? monotonicNanoseconds() + ResponderThread.settling
                default: if let link = tokens[token] { receive(on: link) }
                }
            }
        }
    }

    private func nextDue() -> UInt64? {
        let look = desired.names == nil ? nil : lookDue
        return [look, machine.due].compactMap { $0 }.min()
    }

    // MARK: - What is wished

    private func obey() {
        let desired = responder.desiredState
        guard desired != self.desired else { return }
        let before = self.desired
        self.desired = desired
        let now = monotonicNanoseconds()
        if let names = desired.names {
            send(machine.answer(as: names, at: now))
            if desired.places != before.places || before.names == nil { lookDue = now }
            if desired.revision != before.revision { send(machine.recheck(at: now)) }
        } else {
            send(machine.fallSilent(sayingGoodbye: desired.saysGoodbye, at: now))
            // Somebody may want the port for himself.
            for link in Array(links.keys) { close(link) }
            failure = nil
        }
    }

    private func publish() {
        let state: DigestResponder.State =
            if desired.names == nil { .silent } else if let failure { .failed(failure) } else {
                .answering(links: links.count)
            }
        responder.publish(state, machine.counters)
    }

    // MARK: - Interfaces

    private func lookAtInterfaces() {
        let now = monotonicNanoseconds()
        guard desired.names != nil, let due = lookDue, due <= now else { return }
        lookDue = nil
        failure = nil
        do throws(SystemError) {
            let wanted = try wantedLinks()
            for link in Array(links.keys) where wanted[link] == nil { close(link) }
            for (link, networks) in wanted where links[link] != nil || open(link) {
                machine.add(link, networks: networks)
            }
            if links.count < wanted.count { lookDue = now + ResponderThread.reopening }
        } catch {
            responder.logger.debug("the interfaces cannot be looked at: \(error)")
            lookDue = now + ResponderThread.reopening
        }
    }

    /// The links that mDNS is spoken on, as far as the service is there.
    private func wantedLinks() throws(SystemError) -> [Link: [Network]] {
        try Link.all(ipv6: responder.ipv6).filter { desired.places?.contains($0.key) ?? true }
    }

    private func open(_ link: Link) -> Bool {
        do throws(SystemError) {
            let socket = try LinkSocket(link, token: nextToken)
            try poller.add(socket.number, .input, token: socket.token)
            nextToken += 1
            tokens[socket.token] = link
            links[link] = socket
            return true
        } catch {
            if error.code == .addressInUse {
                failure = "port 5353 is somebody's alone (disallow-other-stacks=yes in avahi-daemon.conf?)"
            } else {
                // Interfaces go while they are looked at.
                responder.logger.debug("nothing is answered on interface \(link.interface) yet: \(error)")
            }
            return false
        }
    }

    private func close(_ link: Link) {
        guard let socket = links.removeValue(forKey: link) else { return }
        // Closing it takes it out of the poller.
        tokens[socket.token] = nil
        machine.remove(link)
    }

    // MARK: - Packets

    private func receive(on link: Link) {
        guard let socket = links[link] else { return }
        for _ in 0..<ResponderThread.turn {
            do throws(SystemError) {
                guard let datagram = try socket.descriptor.receiveDatagram(into: buffer) else { return }
                // A packet that is longer than the longest is malformed.
                let packet = UnsafeRawBufferPointer(rebasing: buffer.prefix(datagram.count ?? 0))
                machine.receive(
                    packet,
                    from: .init(address: datagram.sender, port: datagram.port, hops: datagram.hops),
                    on: link, at: monotonicNanoseconds())
            } catch {
                // An error of an earlier packet, ENETDOWN for one; the interface's end is told elsewhere.
                fail(error)
                return
            }
        }
    }

    private func send(_ packets: [ResponderMachine.Packet]) {
        for packet in packets {
            guard let socket = links[packet.link] else { continue }
            do throws(SystemError) {
                try socket.send(packet.bytes, to: packet.receiver)
            } catch {
                fail(error)
            }
        }
    }

    private func fail(_ error: SystemError) {
        machine.counters.failures += 1
        if saidFailures.insert(error.code).inserted {
            responder.logger.debug("an mDNS packet is lost: \(error)")
        }
    }
}
