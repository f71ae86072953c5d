internal import PassimCore
internal import PassimGLib

/// The interfaces of the object, in the one place: GDBus checks calls against it and shows it to who asks.
///
/// The stock daemon's come first, as stock clients know them. Of a property that says
/// `EmitsChangedSignal` false the value that a proxy keeps is old: ask again. The keys of Directories are those of
/// `DirectoryStatus.write`.
enum Introspection {
    static let xml = """
        <node>
          <interface name='\(BusNames.passim)'>
            <property name='DaemonVersion' type='s' access='read'>
              <annotation name='org.freedesktop.DBus.Property.EmitsChangedSignal' value='const'/>
            </property>
            <property name='Name' type='s' access='read'/>
            <property name='Uri' type='s' access='read'/>
            <property name='Status' type='u' access='read'/>
            <property name='DownloadSaving' type='t' access='read'>
              <annotation name='org.freedesktop.DBus.Property.EmitsChangedSignal' value='false'/>
            </property>
            <property name='CarbonSaving' type='d' access='read'>
              <annotation name='org.freedesktop.DBus.Property.EmitsChangedSignal' value='false'/>
            </property>
            <method name='GetItems'>
              <arg type='aa{sv}' name='items' direction='out'/>
            </method>
            <method name='Publish'>
              <annotation name='org.gtk.GDBus.C.UnixFD' value='true'/>
              <arg type='h' name='handle' direction='in'/>
              <arg type='a{sv}' name='attrs' direction='in'/>
            </method>
            <method name='Unpublish'>
              <arg type='s' name='hash' direction='in'/>
            </method>
            <signal name='Changed'/>
          </interface>
          <interface name='\(BusNames.mirror)'>
            <property name='ItemCount' type='t' access='read'/>
            <property name='TotalBytes' type='t' access='read'/>
            <property name='Directories' type='aa{sv}' access='read'>
              <annotation name='org.freedesktop.DBus.Property.EmitsChangedSignal' value='false'/>
            </property>
            <property name='Troubles' type='as' access='read'>
              <annotation name='org.freedesktop.DBus.Property.EmitsChangedSignal' value='false'/>
            </property>
            <method name='ListItems'>
              <arg type='t' name='offset' direction='in'/>
              <arg type='u' name='limit' direction='in'/>
              <arg type='s' name='filter' direction='in'/>
              <arg type='aa{sv}' name='items' direction='out'/>
              <arg type='t' name='total' direction='out'/>
            </method>
            <method name='Rescan'/>
            <method name='Vouch'>
              <arg type='\(Voucher.arrayType)' name='files' direction='in'/>
            </method>
            <method name='FindPeers'>
              <arg type='s' name='hash' direction='in'/>
              <arg type='as' name='urls' direction='out'/>
            </method>
            <method name='ReportPeer'>
              <arg type='s' name='url' direction='in'/>
              <arg type='s' name='hash' direction='in'/>
            </method>
          </interface>
        </node>
        """

    /// The description that `xml` makes.
    static let description: InterfaceDescription = {
        do throws(CallFailure) {
            return try InterfaceDescription(xml: xml)
        } catch {
            fatalError("the introspection data of this program: \(error)")
        }
    }()
}
