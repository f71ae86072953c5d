/// A URL with the pin of its server as its fragment, which no server is sent: `https://HOST:PORT/NAME?sha256=HEX` and
/// `#sha256//BASE64` (passim-protocol(7), D-BUS).
struct PinnedURL: Hashable, Sendable {
    /// Without the fragment.
    let url: String
    /// As CURLOPT_PINNEDPUBLICKEY(3) takes it; nil: any key will do.
    let pin: String?

    init(_ text: String) {
        // By bytes: with a combining character behind it a # is another character.
        guard let hash = text.utf8.firstIndex(of: 0x23) else {
            (url, pin) = (text, nil)
            return
        }
        url = String(text[..<hash])
        let fragment = text.utf8[hash...].dropFirst()
        // Any other fragment is nothing to us; a pin that is malformed matches no key.
        pin = fragment.starts(with: "sha256//".utf8) ? String(Substring(fragment)) : nil
    }
}
