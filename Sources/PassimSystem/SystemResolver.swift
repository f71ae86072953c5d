internal import CLinux
internal import Glibc
package import PassimCore

/// libc's resolver: /etc/hosts, name servers and whatever else nsswitch.conf(5) names. Each call may block for as long as
/// resolv.conf(5) lets it, half a minute and more.
package enum SystemResolver {
    /// Why there is no answer, in words that follow the name.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package var description: String
    }

    /// getaddrinfo(3): those that this machine could reach, best first (RFC 6724), each once.
    ///
    /// - Parameter name: of a host, or an address.
    package static func addresses(of name: String) throws(Failure) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = CInt(AI_ADDRCONFIG)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        guard code == 0 else {
            throw Failure(
                description: code == EAI_SYSTEM
                    ? SystemError.Code(rawValue: clinux_errno()).sentence
                    : String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            guard let address = IPAddress(entry.pointee), !addresses.contains(address) else { continue }
            addresses.append(address)
        }
        return addresses
    }

    /// res_nsearch(3): asks for records of a type in class IN.
    ///
    /// - Returns: the name server's message, whole.
    package static func answer(to name: String, type: UInt16) throws(Failure) -> [UInt8] {
        // A message over TCP has 16 bits of length.
        var answer = [UInt8](repeating: 0, count: 65535)
        var reason: CInt = 0
        let length = clinux_search_name(name, CInt(type), &answer, CInt(answer.count), &reason)
        if length > 0 { return Array(answer[..<Int(length)]) }
        let sentence =
            switch reason {
            case CInt(HOST_NOT_FOUND): "there is no such name"
            case CInt(NO_DATA): "the name has no such records"
            case CInt(TRY_AGAIN): "no name server answers"
            default: "the name server refuses, or makes no sense"
            }
        throw Failure(description: sentence)
    }
}

extension IPAddress {
    fileprivate init?(_ entry: addrinfo) {
        guard let address = entry.ai_addr,
            Int(entry.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size
        else { return nil }
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: .init(start: address, count: Int(entry.ai_addrlen)))
        }
        self.init(storage)
    }
}
