; The installer for Windows: `cargo xtask dist` names VERSION, STAGE (what lies in the zip),
; PRESET_LIST (deletes the presets) and OUT.
; Silently: quell-…-setup.exe /S, and "C:\Program Files\Quell\uninstall.exe" /S.
!ifdef AMD64
    ; Debian has it; a wine without 32-bit programs needs it.
    Target amd64-unicode
!else
    Unicode true
!endif
ManifestSupportedOS Win10
RequestExecutionLevel admin
SetCompressor /SOLID lzma

!include "MUI2.nsh"
!include "x64.nsh"

!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\Quell"
; As the plugin names its maker and itself: where VST3 hosts look for presets.
!define PRESETS "VST3 Presets\The Quell authors\Quell"

Name "Quell ${VERSION}"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES64\Quell"
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "Quell"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "Takes hiss, hum, fans and room noise out of sound"
VIAddVersionKey "LegalCopyright" "The Quell authors, MIT OR Apache-2.0"

!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_TITLE "Quell is installed"
!define MUI_FINISHPAGE_TEXT "Scan for plugins in your DAW and look for 'Quell'. The command line program is '$INSTDIR\quell.exe'."
!insertmacro MUI_PAGE_LICENSE "${STAGE}/licences/LICENSE-MIT"
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

!macro PREPARE
    ${IfNot} ${RunningX64}
        MessageBox MB_ICONSTOP "Quell needs a 64-bit Windows." /SD IDOK
        Abort
    ${EndIf}
    SetRegView 64
    ; Plugins and presets are for everybody who uses this computer.
    SetShellVarContext all
!macroend

Function .onInit
    !insertmacro PREPARE
FunctionEnd

Function un.onInit
    !insertmacro PREPARE
FunctionEnd

Section "-Common"
    SetOutPath "$INSTDIR\licences"
    File "${STAGE}/licences/*"
    WriteUninstaller "$INSTDIR\uninstall.exe"
    WriteRegStr HKLM "${KEY}" "DisplayName" "Quell"
    WriteRegStr HKLM "${KEY}" "DisplayVersion" "${VERSION}"
    WriteRegStr HKLM "${KEY}" "Publisher" "The Quell authors"
    WriteRegStr HKLM "${KEY}" "URLInfoAbout" "https://github.com/quell-audio/quell"
    WriteRegStr HKLM "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
    WriteRegStr HKLM "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
    WriteRegDWORD HKLM "${KEY}" "NoModify" 1
    WriteRegDWORD HKLM "${KEY}" "NoRepair" 1
SectionEnd

Section "CLAP plugin"
    SetOutPath "$COMMONFILES64\CLAP"
    File "${STAGE}/Quell.clap"
SectionEnd

Section "VST3 plugin and its presets"
    SetOutPath "$COMMONFILES64\VST3"
    File /r "${STAGE}/Quell.vst3"
    SetOutPath "$APPDATA\${PRESETS}"
    File "${STAGE}/${PRESETS}/*"
SectionEnd

Section "Command line program"
    SetOutPath "$INSTDIR"
    File "${STAGE}/quell.exe"
SectionEnd

Section "Uninstall"
    Delete "$COMMONFILES64\CLAP\Quell.clap"
    RMDir /r "$COMMONFILES64\VST3\Quell.vst3"
    ; A preset of the user's keeps its folders; so do plugins of others.
    !include "${PRESET_LIST}"
    RMDir "$APPDATA\VST3 Presets\The Quell authors\Quell"
    RMDir "$APPDATA\VST3 Presets\The Quell authors"
    RMDir "$APPDATA\VST3 Presets"
    RMDir "$COMMONFILES64\CLAP"
    RMDir "$COMMONFILES64\VST3"
    RMDir /r "$INSTDIR\licences"
    Delete "$INSTDIR\quell.exe"
    Delete "$INSTDIR\uninstall.exe"
    RMDir "$INSTDIR"
    DeleteRegKey HKLM "${KEY}"
SectionEnd
