{{ config(materialized='table', meta={'grain': 'event_date', 'context_days': 1}) }}

with messages as (

    select * from {{ ref('int_messages_united') }}

),

events as (

    select * from {{ ref('int_room_events_ordered') }}

),

occupied as (

    select * from {{ ref('int_rooms_occupied') }}

),

-- 1. Who is behind a nickname at a moment; nobody, where two were within one second.
recipients as (

    select
        message_id,
        event_date,
        sent_at,
        unnest(recipients) as recipient
    from messages

),

nicknames as (

    select
        message_id,
        event_date,
        sent_at,
        sender as occupant
    from messages
    where sender like '%/%'
    union distinct
    select
        message_id,
        event_date,
        sent_at,
        recipient as occupant
    from recipients
    where recipient like '%/%'

),

persons as (

    select
        nicknames.message_id,
        nicknames.occupant,
        min(occupied.person) as person
    from nicknames
    inner join occupied
        on
            nicknames.event_date = occupied.event_date
            and nicknames.occupant = occupied.occupant
            and (occupied.entered_at is null or nicknames.sent_at >= occupied.entered_at)
            and (occupied.left_at is null or nicknames.sent_at <= occupied.left_at)
    group by nicknames.message_id, nicknames.occupant
    having min(occupied.person) = max(occupied.person)

),

senders as (

    select
        messages.*,
        coalesce(persons.person, messages.sender) as person
    from messages
    left join persons
        on messages.message_id = persons.message_id and messages.sender = persons.occupant

),

-- 2. What is said to a room goes to all others who are in it.
said as (

    select
        events.message_id,
        events.event_date,
        events.room,
        events.occupant,
        events.sent_at,
        events.place,
        senders.person as sender
    from events
    inner join senders on events.message_id = senders.message_id
    where events.event = 'said'

),

-- Between two changes the same people are there: they are looked up once for all that was said.
changes as (

    select
        event_date,
        room,
        entered_at as changed_at,
        enter_place as place
    from occupied
    where entered_at is not null
    union all
    select
        event_date,
        room,
        left_at as changed_at,
        leave_place as place
    from occupied
    where left_at is not null

),

moments as (

    select
        event_date,
        room,
        sent_at,
        place,
        message_id,
        0 as change
    from said
    union all
    select
        event_date,
        room,
        changed_at as sent_at,
        place,
        null as message_id,
        1 as change
    from changes

),

spans as (

    select
        *,
        sum(change) over (
            partition by event_date, room
            order by sent_at, place, change
            rows between unbounded preceding and current row
        ) as span
    from moments

),

probes as (

    select
        *,
        row_number() over (
            partition by event_date, room, span
            order by sent_at, place
        ) as nth
    from spans
    where message_id is not null

),

there as (

    select
        probes.event_date,
        probes.room,
        probes.span,
        list_sort(list_distinct(array_agg(occupied.person))) as persons
    from probes
    inner join occupied
        on
            probes.event_date = occupied.event_date
            and probes.room = occupied.room
            and (
                occupied.entered_at is null
                or probes.sent_at > occupied.entered_at
                or (probes.sent_at = occupied.entered_at and probes.place > occupied.enter_place)
            )
            and (
                occupied.left_at is null
                or probes.sent_at < occupied.left_at
                or (probes.sent_at = occupied.left_at and probes.place <= occupied.leave_place)
            )
    where probes.nth = 1
    group by probes.event_date, probes.room, probes.span

),

rooms_known as (

    select distinct
        event_date,
        room
    from occupied

),

present as (

    select
        said.message_id,
        list_filter(
            coalesce(there.persons, []),
            lambda person: person <> said.sender and person <> said.occupant
        ) as recipients
    from said
    inner join rooms_known
        on said.event_date = rooms_known.event_date and said.room = rooms_known.room
    inner join probes on said.message_id = probes.message_id
    left join there
        on
            probes.event_date = there.event_date
            and probes.room = there.room
            and probes.span = there.span

),

-- 3. What is said to one in private names the nickname in the sender's copy and the address in the
-- receiver's: they are one.
named as (

    select
        recipients.message_id,
        coalesce(persons.person, recipients.recipient) as recipient
    from recipients
    left join persons
        on
            recipients.message_id = persons.message_id
            and recipients.recipient = persons.occupant

),

private as (

    select
        message_id,
        coalesce(
            array_agg(recipient) filter (where recipient not like '%/%'), array_agg(recipient)
        ) as recipients
    from named
    group by message_id

),

final as (

    select
        senders.event_date,
        senders.message_id,
        senders.native_id,
        senders.sent_at,
        senders.original_sent_at,
        senders.person as sender,
        case
            when present.message_id is not null then present.recipients
            else list_sort(list_distinct(coalesce(private.recipients, [])))
        end as recipients,
        senders.owner,
        senders.conversation_id,
        senders.kind,
        senders.body_characters,
        senders.body_bytes,
        senders.file_name,
        senders.file_bytes,
        senders.refers_to,
        senders.collection,
        senders.upload_hour,
        senders.archive_sha256,
        senders.archive_name,
        senders.ordinal,
        senders.dialect,
        senders.copies
    from senders
    left join present on senders.message_id = present.message_id
    left join private on senders.message_id = private.message_id

)

select * from final
