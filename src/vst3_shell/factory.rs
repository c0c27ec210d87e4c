//! Where hosts begin: the library's entry points and the factory that makes instances.

use std::ffi::c_void;
use std::ptr;

use nice_plug::wrapper::vst3::PluginInfo;
use nice_plug::wrapper::vst3::vst3::Steinberg::*;
use nice_plug::wrapper::vst3::vst3::{Class, ComWrapper};

use crate::Quell;
use crate::vst3_shell::Shell;

/// Where hosts begin.
#[unsafe(no_mangle)]
extern "system" fn GetPluginFactory() -> *mut c_void {
    let factory = ComWrapper::new(Factory { info: PluginInfo::for_plugin::<Quell>() });
    factory.to_com_ptr::<IPluginFactory>().map_or(ptr::null_mut(), |f| f.into_raw().cast())
}

macro_rules! module_entries {
    ($($abi:literal $enter:ident($($arg:ty)?), $leave:ident;)+) => {$(
        /// The library was loaded.
        #[unsafe(no_mangle)]
        extern $abi fn $enter($(_: $arg)?) -> bool {
            nice_plug::wrapper::setup_logger::<Quell>();
            true
        }

        /// The library is about to go.
        #[unsafe(no_mangle)]
        extern $abi fn $leave() -> bool {
            true
        }
    )+};
}

#[cfg(all(target_family = "unix", not(target_os = "macos")))]
module_entries! { "C" ModuleEntry(*mut c_void), ModuleExit; }
#[cfg(target_os = "macos")]
module_entries! { "C" bundleEntry(*mut c_void), bundleExit; }
#[cfg(target_os = "windows")]
module_entries! { "system" InitDll(), ExitDll; }

struct Factory {
    info: PluginInfo,
}

impl Class for Factory {
    type Interfaces = (IPluginFactory, IPluginFactory2, IPluginFactory3);
}

/// Writes `value` where the host wants it.
///
/// # Safety
/// `target` must be null or valid.
unsafe fn put<T>(target: *mut T, value: T) -> tresult {
    if target.is_null() {
        return kInvalidArgument;
    }
    // SAFETY: the caller's promise.
    unsafe { target.write(value) };
    kResultOk
}

impl IPluginFactoryTrait for Factory {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        // SAFETY: the host passes valid pointers; so in every function of this file.
        unsafe { put(info, self.info.create_factory_info()) }
    }

    unsafe fn countClasses(&self) -> int32 {
        1
    }

    unsafe fn getClassInfo(&self, index: int32, info: *mut PClassInfo) -> tresult {
        if index != 0 {
            return kInvalidArgument;
        }
        // SAFETY: as above.
        unsafe { put(info, self.info.create_class_info()) }
    }

    unsafe fn createInstance(
        &self,
        class_id: FIDString,
        interface_id: FIDString,
        object: *mut *mut c_void,
    ) -> tresult {
        if class_id.is_null() || interface_id.is_null() || object.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: class ids have 16 bytes.
        if unsafe { &*class_id.cast::<[u8; 16]>() } != self.info.cid {
            return kInvalidArgument;
        }
        let Some(shell) = Shell::new() else { return kResultFalse };
        let shell = ComWrapper::new(shell);
        let Some(unknown) = shell.as_com_ref::<FUnknown>() else { return kNoInterface };
        let unknown = unknown.as_ptr();
        // SAFETY: the pointer is that of a living object, which `queryInterface` shares with the
        // host before ours goes.
        unsafe { ((*(*unknown).vtbl).queryInterface)(unknown, interface_id.cast(), object) }
    }
}

impl IPluginFactory2Trait for Factory {
    unsafe fn getClassInfo2(&self, index: int32, info: *mut PClassInfo2) -> tresult {
        if index != 0 {
            return kInvalidArgument;
        }
        // SAFETY: as above.
        unsafe { put(info, self.info.create_class_info_2()) }
    }
}

impl IPluginFactory3Trait for Factory {
    unsafe fn getClassInfoUnicode(&self, index: int32, info: *mut PClassInfoW) -> tresult {
        if index != 0 {
            return kInvalidArgument;
        }
        // SAFETY: as above.
        unsafe { put(info, self.info.create_class_info_unicode()) }
    }

    unsafe fn setHostContext(&self, _: *mut FUnknown) -> tresult {
        kResultOk
    }
}
