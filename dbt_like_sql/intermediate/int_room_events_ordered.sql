{{ config(materialized='table', meta={'grain': 'event_date', 'context_days': 1}) }}

with records as (

    select * from {{ ref('stg_lake__records') }}

),

folded as (

    select * from {{ ref('int_records_folded') }}

),

in_rooms as (

    select
        records.event_date,
        folded.message_id,
        records.conversation_id as room,
        case
            when records.kind in ('join', 'leave') then records.kind
            else 'said'
        end as event,
        coalesce(records.occupant, records.sender) as occupant,
        case when folded.sender not like '%/%' then folded.sender end as address,
        records.sent_at,
        records.collection,
        records.owner,
        records.archive_sha256,
        records.ordinal
    from records
    inner join folded
        on records.record_id = folded.record_id and records.collection = folded.collection
    where
        records.conversation_id is not null
        and (records.occupant is not null or records.kind in ('join', 'leave'))

),

-- Only a view that tells of joins and leaves tells them from what was said in one second: that of
-- the room does, those of its users need not. It is the same into however many archives it is cut.
viewed as (

    select
        *,
        max(case when event in ('join', 'leave') then 1 else 0 end) over (
            partition by event_date, room, collection, owner
        ) = 1 as is_witness
    from in_rooms

),

archives as (

    select
        event_date,
        room,
        archive_sha256,
        collection,
        min(sent_at) as first_sent_at,
        count(*) as events
    from viewed
    group by event_date, room, archive_sha256, collection

),

-- What several archives tell of one second goes in the order in which they begin, the fullest
-- first: by what they say of the room, and not by when or under which name they came.
archives_placed as (

    select
        event_date,
        room,
        archive_sha256,
        collection,
        row_number() over (
            partition by event_date, room
            order by first_sent_at asc, events desc, archive_sha256 asc, collection asc
        ) as archive_place
    from archives

),

witnessed as (

    select
        viewed.*,
        concat(
            lpad(cast(archives_placed.archive_place as varchar), 10, '0'),
            '/',
            lpad(cast(viewed.ordinal as varchar), 10, '0')
        ) as place
    from viewed
    inner join archives_placed
        on
            viewed.event_date = archives_placed.event_date
            and viewed.room = archives_placed.room
            and viewed.archive_sha256 = archives_placed.archive_sha256
            and viewed.collection = archives_placed.collection

),

copies_ranked as (

    select
        *,
        row_number() over (
            partition by message_id
            order by case when is_witness then 0 else 1 end, event_date, place, collection
        ) as copy
    from witnessed

),

neighbours as (

    select
        *,
        lag(event) over of_occupant as event_before,
        lag(address) over of_occupant as address_before,
        lag(is_witness) over of_occupant as is_witness_before
    from copies_ranked
    where copy = 1
    window
        of_occupant as (
            partition by event_date, room, occupant
            order by sent_at, place
        )

),

-- What is said again and again says nothing new about who is there.
final as (

    select
        event_date,
        message_id,
        room,
        event,
        occupant,
        address,
        sent_at,
        place,
        is_witness,
        event <> 'said'
        or coalesce(event_before, '') <> 'said'
        or coalesce(address_before, '') <> coalesce(address, '')
        or is_witness_before <> is_witness as is_news
    from neighbours

)

select * from final
