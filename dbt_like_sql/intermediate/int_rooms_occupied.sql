{{ config(materialized='table', meta={'grain': 'event_date', 'context_days': 'all'}) }}

with events as (

    select * from {{ ref('int_room_events_ordered') }}
    where is_news

),

sequenced as (

    select
        *,
        row_number() over (partition by room order by sent_at, place) as sequence
    from events

),

-- 1. A stay under one nickname: it ends with a leave, or where the nickname shows another address
-- (its leave and join lie in an archive that is not there).
stays_by_leaves as (

    select
        *,
        coalesce(
            sum(case when event = 'leave' then 1 else 0 end) over (
                partition by room, occupant
                order by sequence
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as leaves_before
    from sequenced

),

addresses_so_far as (

    select
        *,
        last_value(address ignore nulls) over (
            partition by room, occupant, leaves_before
            order by sequence
            rows between unbounded preceding and 1 preceding
        ) as address_so_far
    from stays_by_leaves

),

stays_numbered as (

    select
        *,
        sum(case when address <> address_so_far then 1 else 0 end) over (
            partition by room, occupant, leaves_before
            order by sequence
            rows between unbounded preceding and current row
        ) as takeover
    from addresses_so_far

),

stays as (

    select
        room,
        occupant,
        leaves_before,
        takeover,
        coalesce(min(address), occupant) as person,
        min(case when is_witness then sequence end) as first_sequence,
        min(case when event = 'join' then sequence end) as join_sequence,
        max(case when event = 'leave' then sequence end) as leave_sequence
    from stays_numbered
    group by room, occupant, leaves_before, takeover
    having max(case when is_witness then 1 else 0 end) = 1

),

-- 2. A stay without a join: a new nickname is archived as a leave without a join, so the person is
-- there since their own last leave, or that of somebody unknown; else the join is not there (yet).
unjoined as (

    select
        stays.room,
        stays.occupant,
        stays.leaves_before,
        stays.takeover,
        max(others.leave_sequence) as renamed_sequence
    from stays
    left join stays as others
        on
            stays.room = others.room
            and stays.first_sequence > others.leave_sequence
            and (stays.person = others.person or others.person like '%/%')
    where stays.join_sequence is null or stays.join_sequence > stays.first_sequence
    group by stays.room, stays.occupant, stays.leaves_before, stays.takeover

),

bounded as (

    select
        stays.room,
        stays.occupant,
        stays.person,
        coalesce(
            stays.leave_sequence,
            lead(stays.first_sequence) over (
                partition by stays.room, stays.occupant
                order by stays.leaves_before, stays.takeover
            )
        ) as leave_sequence,
        case
            when unjoined.room is null then stays.join_sequence
            when stays.takeover > 0 then stays.first_sequence
            else unjoined.renamed_sequence
        end as enter_sequence
    from stays
    left join unjoined
        on
            stays.room = unjoined.room
            and stays.occupant = unjoined.occupant
            and stays.leaves_before = unjoined.leaves_before
            and stays.takeover = unjoined.takeover

),

placed as (

    select
        bounded.room,
        bounded.occupant,
        bounded.person,
        entered.event_date as enter_date,
        entered.sent_at as entered_at,
        entered.place as enter_place,
        left_room.event_date as leave_date,
        left_room.sent_at as left_at,
        left_room.place as leave_place
    from bounded
    left join sequenced as entered
        on bounded.room = entered.room and bounded.enter_sequence = entered.sequence
    left join sequenced as left_room
        on bounded.room = left_room.room and bounded.leave_sequence = left_room.sequence

),

-- 3. A row for each date on which the room was used, from the first that tells of joins on.
room_dates as (

    select distinct
        room,
        event_date
    from events

),

first_dates as (

    select
        room,
        min(event_date) as first_date
    from events
    where is_witness
    group by room

),

dated as (

    select
        room_dates.event_date,
        placed.*,
        coalesce(placed.enter_date = room_dates.event_date, false) as enters,
        coalesce(placed.leave_date = room_dates.event_date, false) as leaves
    from placed
    inner join room_dates on placed.room = room_dates.room
    inner join first_dates on placed.room = first_dates.room
    where
        room_dates.event_date >= first_dates.first_date
        and (placed.enter_date is null or placed.enter_date <= room_dates.event_date)
        and (placed.leave_date is null or placed.leave_date >= room_dates.event_date)

),

final as (

    select
        event_date,
        room,
        occupant,
        person,
        case when enters then entered_at end as entered_at,
        case when enters then enter_place end as enter_place,
        case when leaves then left_at end as left_at,
        case when leaves then leave_place end as leave_place
    from dated

)

select * from final
