-- Quell in Ardour, as somebody would use it there, without a screen: `ardour-lua ardour.lua FOLDER new|again|tone`, run
-- by test_ardour.py. Noise or a tone comes in at the track's input all the time; every fact is a line that the test reads.

io.stdout:setvbuf("no")
local folder, part = arg[1], arg[2]

local function say(...)
   print("QUELL", ...)
end

local function start_engine()
   local backend = AudioEngine:set_backend("None (Dummy)", "", "")
   backend:set_device_name(part == "tone" and "Sine Wave" or "Gaussian White Noise")
   backend:set_sample_rate(48000)
   backend:set_buffer_size(512)
end

-- What Ardour shows of the plugin: the place of each control by its name.
local function shown(plugin)
   local places, n = {}, 0
   for idx = 0, plugin:parameter_count() - 1 do
      if plugin:parameter_is_input(idx) then
         places[plugin:parameter_label(idx)] = n
         n = n + 1
      end
   end
   return places, n
end

-- The mean of the meter's peaks over a second.
local function level_db(track)
   local sum = 0
   for _ = 1, 20 do
      sleep(0.05)
      sum = sum + track:peak_meter():meter_level(0, ARDOUR.MeterType.MeterPeak)
   end
   return sum / 20
end

local function value(insert, places, name)
   return (ARDOUR.LuaAPI.get_processor_param(insert, places[name]))
end

local function set(insert, places, name, to)
   assert(places[name], "Ardour does not show " .. name)
   assert(ARDOUR.LuaAPI.set_processor_param(insert, places[name], to), name)
end

-- Automation of Reduction from nothing to -48 dB within four seconds, played from the start.
local function automate(session, track, insert, places)
   local _, curve = ARDOUR.LuaAPI.plugin_automation(insert, places["Reduction"])
   local parameter = Evoral.Parameter(ARDOUR.AutomationType.PluginAutomation, 0, places["Reduction"])
   local lane = insert:to_insert():to_automatable():automation_control(parameter, false)
   for second = 0, 4 do
      curve:add(Temporal.timepos_t(second * 48000), -12.0 * second, false, true)
   end
   lane:set_automation_state(ARDOUR.AutoState.Play)
   session:request_locate(0, false, ARDOUR.LocateTransportDisposition.MustStop, ARDOUR.TransportRequestSource.TRS_UI)
   sleep(0.5)
   session:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
   for _ = 1, 5 do
      local at_s = session:transport_sample() / 48000
      say("automated", at_s, value(insert, places, "Reduction"), level_db(track))
   end
   session:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
   lane:set_automation_state(ARDOUR.AutoState.Off)
end

local function new_project()
   local session = assert(create_session(folder .. "/project", "quell", 48000), "no project")
   local track = session:new_audio_track(2, 2, nil, 1, "Voice", -1, ARDOUR.TrackMode.Normal, true, true):front()
   track:monitoring_control():set_value(1, PBD.GroupControlDisposition.NoGroup)
   sleep(1)
   say("untreated", level_db(track))

   local insert = ARDOUR.LuaAPI.new_plugin(session, "Quell", ARDOUR.PluginType.VST3, "")
   assert(not insert:isnil(), "Ardour does not know Quell")
   assert(track:add_processor_by_index(insert, 0, nil, true) == 0, "Ardour does not insert Quell")
   local places, n = shown(insert:to_insert():plugin(0))
   say("shown", n, places["Engine"] and "Engine" or "", places["Latency"] and "Latency" or "")
   say("latency", insert:to_insert():signal_latency())

   set(insert, places, "Engine", 0)
   set(insert, places, "Capture", 1)
   sleep(3)
   set(insert, places, "Capture", 0)
   sleep(1)
   say("captured", level_db(track))
   set(insert, places, "Reduction", -12)
   sleep(1)
   say("eased", level_db(track))
   automate(session, track, insert, places)
   set(insert, places, "Reduction", -24)
   set(insert, places, "Latency", 0)
   sleep(2)
   say("live", insert:to_insert():signal_latency(), level_db(track))
   assert(session:save_state("") == 0, "the project is not saved")
end

local function same_project_again()
   local session = assert(load_session(folder .. "/project", "quell"), "the project does not open")
   local track = session:route_by_name("Voice")
   local insert = track:nth_plugin(0)
   local places = shown(insert:to_insert():plugin(0))
   sleep(2)
   say(part, value(insert, places, "Reduction"), value(insert, places, "Latency"), value(insert, places, "Engine"),
      insert:to_insert():signal_latency(), level_db(track))
end

start_engine()
if part == "new" then new_project() else same_project_again() end
close_session()
quit()
